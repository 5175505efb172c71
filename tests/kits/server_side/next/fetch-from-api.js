// Passes the header `baggage` of a request on to the API, without OpenTelemetry.
import { headers } from "next/headers";

export async function fetchFromApi(path, options = {}) {
  const sent = new Headers(options.headers);
  const baggage = (await headers()).get("baggage");
  if (baggage) sent.set("baggage", baggage);
  return fetch(process.env.API_URL + path, { cache: "no-store", ...options, headers: sent });
}
