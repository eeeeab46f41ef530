-- Asks Writ about a request, and sets the headers that its service receives (docs/http-fronts.md). For HAProxy 2.6 and newer:
-- `http-request lua.writ`. It sets txn.writ to `permit`; the configuration denies a request without it.
local CHECK = os.getenv("WRIT_CHECK") or "http://127.0.0.1:7468/v1/check"
local KEY = os.getenv("WRIT_FRONT_KEY") or ""
-- Milliseconds. A fact that a decision waits for may take 30 seconds.
local TIMEOUT = 70000
-- Headers of the connection to the check.
local OF_CHECK = { ["host"] = true, ["connection"] = true, ["content-length"] = true, ["transfer-encoding"] = true,
  ["expect"] = true }
-- Headers that the answer sets for the service. A service with a credential of another name needs that name here.
local FROM_ANSWER = { "authorization", "writ-decision" }
-- Headers of a client that never reach the service.
local REMOVED = { "authorization", "cookie", "dpop", "txn-token", "proxy-authorization", "forwarded", "x-real-ip",
  "writ-front", "writ-method", "writ-target", "writ-host", "writ-scheme", "writ-version", "writ-length", "writ-coding",
  "writ-connection" }

local function first(headers, name)
  return headers[name] and headers[name][0]
end

-- In order: one that is there twice is refused there.
local function all(values)
  local list = {}
  for i = 0, #values do table.insert(list, values[i]) end
  return list
end

local function told(txn)
  local headers = {}
  local sent = txn.http:req_get_headers()
  for name, values in pairs(sent) do
    if not OF_CHECK[name] then headers[name] = all(values) end
  end
  local version = txn.f:req_ver()
  -- In HTTP/2 a request has an address, of which HAProxy forwards the path and the query.
  local target = txn.f:url()
  if version ~= "1.0" and version ~= "1.1" then target = txn.f:pathq() end
  headers["writ-front"] = { "Bearer " .. KEY }
  headers["writ-method"] = { txn.f:method() }
  headers["writ-target"] = { target }
  headers["writ-host"] = { first(sent, "host") or "" }
  headers["writ-scheme"] = { txn.f:ssl_fc() == 1 and "https" or "http" }
  headers["writ-version"] = { "HTTP/" .. version }
  headers["writ-length"] = sent["content-length"] and all(sent["content-length"]) or {}
  headers["writ-connection"] = sent["connection"] and { table.concat(all(sent["connection"]), ", ") } or {}
  headers["writ-coding"] = sent["transfer-encoding"] and all(sent["transfer-encoding"]) or {}
  return headers
end

local function refuse(txn, answer)
  local reply = txn:reply({ status = answer.status })
  for _, name in ipairs({ "content-type", "www-authenticate", "retry-after", "allow", "cache-control" }) do
    local value = first(answer.headers, name)
    if value then reply:add_header(name, value) end
  end
  reply:set_body(answer.body or "")
  txn:done(reply)
end

core.register_action("writ", { "http-req" }, function(txn)
  txn:set_var("txn.writ", "asked")
  local expect = txn.http:req_get_headers()["expect"]
  -- Servers differ in what another one is.
  if expect and (#expect > 0 or expect[0]:lower() ~= "100-continue") then
    return txn:done(txn:reply({ status = 417 }))
  end
  local answer = core.httpclient():get({ url = CHECK, headers = told(txn), timeout = TIMEOUT })
  local status = answer and answer.status or 0
  if status >= 400 and status <= 599 then return refuse(txn, answer) end
  -- Another answer is none of Writ's.
  if status ~= 204 then return end
  for _, name in ipairs(REMOVED) do txn.http:req_del_header(name) end
  for _, name in ipairs(FROM_ANSWER) do
    txn.http:req_del_header(name)
    local value = first(answer.headers, name)
    if value then txn.http:req_set_header(name, value) end
  end
  txn.http:req_set_header("x-forwarded-for", txn.f:src())
  txn.http:req_set_header("x-forwarded-host", txn.f:req_hdr("host"))
  txn.http:req_set_header("x-forwarded-proto", txn.f:ssl_fc() == 1 and "https" or "http")
  txn:set_var("txn.writ", "permit")
end)
