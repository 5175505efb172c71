// A server that knows nothing of the mock: it renders what the API at API_URL says.
import http from "node:http";

const server = http.createServer(async (request, response) => {
  const jobs = await fetch(`${process.env.API_URL}/admin/jobs?limit=1`);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  const job = await fetch(`${process.env.API_URL}/admin/jobs/job-7`);
  response.end(`jobs: ${(await jobs.json()).total}, job-7: ${(await job.json()).status}`);
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
