import { fetchFromApi } from "../../fetch-from-api.js";

export default async function Page() {
  const jobs = await fetchFromApi("/admin/jobs?limit=1");
  const job = await fetchFromApi("/admin/jobs/job-7");
  return <p>{`jobs: ${(await jobs.json()).total}, job-7: ${(await job.json()).status}`}</p>;
}
