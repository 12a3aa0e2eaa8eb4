// Lets names under .localhost resolve to loopback (RFC 6761) where the system's resolver does not.
// Loaded with NODE_OPTIONS=--require; it changes name resolution alone.
const dns = require("node:dns");

const lookup = dns.lookup;
dns.lookup = (host, options, callback) =>
  lookup(String(host).endsWith(".localhost") ? "127.0.0.1" : host, options, callback);
