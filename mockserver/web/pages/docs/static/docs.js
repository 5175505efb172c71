// Swagger UI over one of our documents; what it tries out goes to the page's own sandbox and scenario.
import { call, root } from "../shared/client.js";
import { make } from "../shared/dom.js";

const place = document.getElementById("docs");
const { document: path, sandbox, scenario } = place.dataset;

/** The document with this server in place of those it names: nothing is tried out on another. */
function local(given) {
  const paths = Object.values(given.paths || {});
  for (const path of paths) {
    for (const part of [path, ...Object.values(path)]) {
      if (part && typeof part === "object") delete part.servers;
    }
  }
  return { ...given, servers: [{ url: root || "/", description: "This server" }] };
}

/** Swagger UI has colours of its own for the dark, behind a class. */
function followScheme() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

function addHeaders(request) {
  request.headers = { ...request.headers, "X-Mock-Sandbox": sandbox, "X-Mock-Scenario": scenario };
  return request;
}

followScheme();
try {
  const spec = local((await call(path)).body);
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
  place.replaceChildren(make("p", { class: "notice danger", role: "alert" }, `${path}: ${error.message}`));
}
