"""Reference pages made out of the code itself when `make docs` builds the site: never committed,
so never stale. A page of docs/ says where, in a line of its own: `<!-- reference: commands -->`.
"""
