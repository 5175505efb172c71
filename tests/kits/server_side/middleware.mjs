// Passes the header `baggage` of each request on to the requests that it causes, without OpenTelemetry.
import { AsyncLocalStorage } from "node:async_hooks";

const baggage = new AsyncLocalStorage();

/** For Express: `app.use(passBaggageOn)`. */
export function passBaggageOn(request, response, next) {
  baggage.run(request.headers.baggage, next);
}

/** Use it in place of `fetch` for requests to the API. */
export function fetchFromApi(url, options = {}) {
  const headers = new Headers(options.headers);
  if (baggage.getStore()) headers.set("baggage", baggage.getStore());
  return fetch(url, { ...options, headers });
}
