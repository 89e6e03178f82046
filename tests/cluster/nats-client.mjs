// A few commands of the NATS protocol, for messages that no collector writes:
// https://docs.nats.io/reference/reference-protocols/nats-protocol

import { once } from "node:events";
import { connect as open } from "node:net";

/** Connects. The result has `publish(subject, text)`, `request(subject, json)` and `close()`. */
export async function connect(url) {
  const { hostname, port } = new URL(url);
  const socket = open({ host: hostname, port: Number(port) });
  socket.setEncoding("utf8");
  let received = "";
  const waiting = [];
  socket.on("data", (text) => {
    received += text;
    for (;;) {
      const answer = /^MSG \S+ \d+ (\d+)\r\n/m.exec(received);
      if (!answer) break;
      const begin = answer.index + answer[0].length;
      const end = begin + Number(answer[1]);
      if (received.length < end) break;
      waiting.shift()?.(JSON.parse(received.slice(begin, end)));
      received = received.slice(end);
    }
    if (/^PING\r\n/m.test(received)) socket.write("PONG\r\n");
  });
  await once(socket, "connect");
  socket.write('CONNECT {"verbose":false,"pedantic":false}\r\nSUB answers 1\r\n');
  const publish = (subject, text, answer = "") =>
    socket.write(`PUB ${subject} ${answer} ${Buffer.byteLength(text)}\r\n${text}\r\n`);
  return {
    publish: (subject, text) => publish(subject, text),
    request: (subject, json) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        publish(subject, JSON.stringify(json), "answers");
      }),
    close: () => socket.destroy(),
  };
}
