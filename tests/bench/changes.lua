-- Requests of wrk: changes of jobs, and reads of the list in the sandbox that was changed last.
-- wrk URL -s changes.lua -- SANDBOX EVERY SANDBOXES REUSE JOB…
--   SANDBOX    how the names of the sandboxes begin
--   EVERY      each request of this number is a change: 1 changes only, 2 a change and a read in turn
--   SANDBOXES  changes go to this number of sandboxes in turn
--   REUSE      "yes": two sandboxes take turns, each is reset before it is used again, so that requests repeat byte
--              for byte; "no": a new sandbox each time, so that no request is sent twice
--   JOB…       ids of failed jobs of the scenario large-queue
--
-- All jobs are retried, then all are cancelled, then the next sandbox is used. So each request is a change, and no two
-- requests in flight are about the same job.
local sandbox, every, sandboxes, reuse, jobs
local drawn, changes = 0, 0
local headers = { ["X-Mock-Scenario"] = "large-queue" }
local reset_for = 0

function init(args)
  sandbox, every, sandboxes, reuse = args[1], tonumber(args[2]), tonumber(args[3]), args[4] == "yes"
  jobs = {}
  for position = 5, #args do jobs[#jobs + 1] = args[position] end
  headers["X-Mock-Sandbox"] = sandbox .. "-0-0"
end

local function change()
  local number = math.floor(changes / sandboxes)
  local round, position = math.floor(number / #jobs), number % #jobs
  local use, retries = math.floor(round / 2), round % 2 == 0
  if reuse and use > 0 and not retries and position == 0 and reset_for ~= use then
    -- The other sandbox has no request in flight any more.
    reset_for = use
    return wrk.format("POST", "/__mock/reset", {
      ["X-Mock-Scenario"] = "large-queue", ["X-Mock-Sandbox"] = sandbox .. "-" .. (use + 1) % 2 .. "-0",
    })
  end
  headers["X-Mock-Sandbox"] = sandbox .. "-" .. (reuse and use % 2 or use) .. "-" .. changes % sandboxes
  changes = changes + 1
  return wrk.format("POST", "/admin/jobs/" .. jobs[position + 1] .. (retries and "/retry" or "/cancel"), headers)
end

function request()
  drawn = drawn + 1
  -- wrk draws a few requests at the start that it never sends.
  if drawn < 64 or drawn % every > 0 then return wrk.format("GET", "/admin/jobs?limit=20", headers) end
  return change()
end
