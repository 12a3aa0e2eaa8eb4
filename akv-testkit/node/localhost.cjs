// Resolves names under .localhost to loopback (RFC 6761) if the system's resolver does not.
// Loaded with NODE_OPTIONS=--require; it changes only name resolution.
const dns = require("node:dns");

const lookup = dns.lookup;
dns.lookup = (host, options, callback) =>
  lookup(String(host).endsWith(".localhost") ? "127.0.0.1" : host, options, callback);
