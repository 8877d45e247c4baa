/**
 * A server of somebody's own inside a sandbox, as the text of a program: it serves, echoes, streams and takes WebSockets, and
 * writes down how many bytes ever came to it, whatever they were.
 */
export const PREVIEW_SERVER = String.raw`
const http = require("node:http");
const fs = require("node:fs");
const { createHash } = require("node:crypto");
const [port, name] = [Number(process.argv[2]), process.argv[3] ?? "first"];
let came = 0;
// Whoever reads a file finds it whole.
const say = (file, text) => { fs.writeFileSync(file + ".new", text); fs.renameSync(file + ".new", file); };
const count = () => say("came-" + port + ".txt", String(came));
const page = "<!doctype html><title>Shop</title><h1>Shop of " + name + "</h1><p id=ws>waiting</p><p id=post>waiting</p><script src=/page.js></script>";
const script = [
  "const s = new WebSocket(location.origin.replace('http','ws') + '/ws', 'shop');",
  "s.onopen = () => s.send('hello'); s.onmessage = ({data}) => document.getElementById('ws').textContent = data + ' ' + s.protocol;",
  "fetch('/echo', { method: 'POST', body: 'posted' }).then((r) => r.text()).then((t) => document.getElementById('post').textContent = t);",
].join("\n");
const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://x");
  if (url.pathname === "/page.js") return response.setHeader("content-type", "text/javascript").end(script);
  if (url.pathname === "/headers") return response.setHeader("content-type", "application/json").end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers }));
  if (url.pathname === "/echo") return response.writeHead(200, { "x-length": request.headers["content-length"] ?? "none" }), void request.pipe(response);
  if (url.pathname === "/cookies") return response.writeHead(200, { "set-cookie": ["a=1; Domain=localhost; Path=/", "berth-preview=stolen; Path=/", "b=2; HttpOnly"] }).end("set");
  if (url.pathname === "/there") return response.writeHead(302, { location: "http://localhost:" + port + "/headers?x=1" }).end();
  if (url.pathname === "/none") return response.writeHead(204).end();
  if (url.pathname === "/zipped") return response.writeHead(200, { "content-encoding": "gzip", "content-type": "text/plain" }).end(require("node:zlib").gzipSync("unzipped"));
  if (url.pathname === "/many") {
    const block = Buffer.alloc(65536, "0123456789abcdef");
    let left = Number(url.searchParams.get("blocks"));
    let sent = 0;
    const more = () => {
      while (left > 0) { left -= 1; sent += 1; say("sent.txt", String(sent)); if (!response.write(block)) return response.once("drain", more); }
      response.end();
    };
    return more();
  }
  if (url.pathname === "/tick") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: one\n\n");
    const ticks = setInterval(() => response.write("data: more\n\n"), 50);
    response.on("close", () => { clearInterval(ticks); say("closed.txt", "closed"); });
    return;
  }
  response.setHeader("content-type", "text/html").end(page);
});
server.on("connection", (socket) => {
  socket.on("data", (chunk) => { came += chunk.length; count(); });
});
server.on("upgrade", (request, socket, head) => {
  if (request.url.startsWith("/refused")) return socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
  const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  const protocol = request.headers["sec-websocket-protocol"] ? "sec-websocket-protocol: " + request.headers["sec-websocket-protocol"].split(",")[0] + "\r\n" : "";
  socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: " + accept + "\r\n" + protocol + "\r\n");
  let waiting = head;
  const frame = (opcode, body) => {
    const size = body.length < 126 ? Buffer.from([body.length]) : body.length < 65536 ? Buffer.from([126, body.length >> 8, body.length & 255]) : Buffer.concat([Buffer.from([127]), (() => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(body.length)); return b; })()]);
    socket.write(Buffer.concat([Buffer.from([128 | opcode]), size, body]));
  };
  const read = () => {
    for (;;) {
      if (waiting.length < 2) return;
      let [size, at] = [waiting[1] & 127, 2];
      if (size === 126) { if (waiting.length < 4) return; size = waiting.readUInt16BE(2); at = 4; }
      else if (size === 127) { if (waiting.length < 10) return; size = Number(waiting.readBigUInt64BE(2)); at = 10; }
      if (waiting.length < at + 4 + size) return;
      const mask = waiting.subarray(at, at + 4);
      const body = Buffer.from(waiting.subarray(at + 4, at + 4 + size));
      for (let i = 0; i < size; i++) body[i] ^= mask[i % 4];
      const opcode = waiting[0] & 15;
      waiting = waiting.subarray(at + 4 + size);
      if (opcode === 8) { frame(8, body); return socket.end(); }
      if (opcode === 1 || opcode === 2) {
        if (body.toString() === "bye") return frame(8, Buffer.concat([Buffer.from([0x0f, 0xa1]), Buffer.from("so long")]));
        frame(opcode, opcode === 1 ? Buffer.from("echo " + body) : body);
      }
    }
  };
  socket.on("data", (chunk) => { waiting = Buffer.concat([waiting, chunk]); read(); });
  socket.on("error", () => {});
  read();
});
server.listen(port, "127.0.0.1", () => { count(); console.log("listening"); });
`;
