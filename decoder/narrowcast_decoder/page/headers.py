"""What a browser is told about the page's files: what they may load, and how long they keep."""

API_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # the face preview comes inside its document
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy: what is not of this service is neither loaded nor run."""

POLICY = "; ".join(
    (
        API_POLICY,
        "require-trusted-types-for 'script'",  # no text ever becomes markup or a script
        "trusted-types 'none'",
    )
)
"""Of our own page, which Swagger UI could not keep: it makes markup of the descriptions."""

FILE_HEADERS = {
    # Asked for each time, and answered with 304 where it is the same: no page is a mixture of
    # two versions.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}

PAGE_HEADERS = FILE_HEADERS | {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, Accept-Encoding",
}

API_HEADERS = PAGE_HEADERS | {"Content-Security-Policy": API_POLICY, "Vary": "Accept-Encoding"}
