-- Sixteen requests are sent at once, and then their answers awaited.
init = function()
  requests = string.rep(wrk.format(), 16)
end
request = function()
  return requests
end
