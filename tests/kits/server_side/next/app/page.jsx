export const dynamic = "force-dynamic";

export default async function Page() {
  const jobs = await fetch(`${process.env.API_URL}/admin/jobs?limit=1`, { cache: "no-store" });
  const job = await fetch(`${process.env.API_URL}/admin/jobs/job-7`, { cache: "no-store" });
  return <p>{`jobs: ${(await jobs.json()).total}, job-7: ${(await job.json()).status}`}</p>;
}
