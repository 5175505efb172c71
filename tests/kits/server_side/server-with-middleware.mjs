import http from "node:http";
import { fetchFromApi, passBaggageOn } from "./middleware.mjs";

async function render(request, response) {
  const jobs = await fetchFromApi(`${process.env.API_URL}/admin/jobs?limit=1`);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  const job = await fetchFromApi(`${process.env.API_URL}/admin/jobs/job-7`);
  response.end(`jobs: ${(await jobs.json()).total}, job-7: ${(await job.json()).status}`);
}

const server = http.createServer((request, response) => passBaggageOn(request, response, () => render(request, response)));
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
