-- Sends the requests in a file one after another, for ever, and reports the run as one line of JSON. A line is the path of
-- a GET, or the JSON body of a push at the agents' door.
-- All requests are formatted before the run: wrk shares two cores with the server.
local requests, at = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    if line:sub(1, 1) == "{" then
      requests[#requests + 1] = wrk.format("POST", "/agent/api/sms", {["Content-Type"] = "application/json"}, line)
    else
      requests[#requests + 1] = wrk.format("GET", line)
    end
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"max_us":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    e.connect + e.read + e.write + e.status + e.timeout))
end
