// The page at /docs: the service's own description of its HTTP API, shown by Swagger UI.

const answer = await fetch("openapi.json");
const description = await answer.json();

// Below this page, so that requests find their way through a proxy that serves it under a prefix.
description.servers = [{ url: new URL(".", location.href).href.replace(/\/$/, "") }];

window.SwaggerUIBundle({
  spec: description,
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null, // a service of others, which would be asked
  persistAuthorization: false, // a token is kept no longer than the page is open
});
