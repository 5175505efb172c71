// Swagger UI with one of our documents. Requests that it sends go to the page's own sandbox and scenario.
import { call, root } from "../shared/client.js";
import { byId, make } from "../shared/dom.js";

const place = byId("docs");
const { document: path, sandbox, scenario } = place.dataset;

/** The document with this server in place of its own: no request goes elsewhere. @param {OpenApiDocument} document */
function withThisServer(document) {
  for (const item of Object.values(document.paths || {})) {
    for (const part of [item, ...Object.values(item)]) {
      if (part && typeof part === "object") delete part.servers;
    }
  }
  return { ...document, servers: [{ url: root || "/", description: "This server" }] };
}

/** Swagger UI has its own dark colours, behind a class. */
function followColourScheme() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

/** @param {{headers: Record<string, string>}} request */
function addHeaders(request) {
  request.headers = { ...request.headers, "X-Mock-Sandbox": sandbox, "X-Mock-Scenario": scenario };
  return request;
}

followColourScheme();
try {
  const spec = withThisServer((await call(path)).body);
  place.replaceChildren();
  window.SwaggerUIBundle({
    spec,
    domNode: place,
    validatorUrl: null,
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    docExpansion: "list",
    displayRequestDuration: true,
    requestInterceptor: addHeaders,
  });
} catch (error) {
  const { message } = /** @type {Error} */ (error);
  place.replaceChildren(make("p.notice.danger", { role: "alert" }, `${path}: ${message}`));
}
