/**
 * The rules of RFC 6455 for a server, with input split anywhere, and compared with the npm package
 * ws.
 */
import { toHex } from "../hex.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { Receiver } from "ws";
import { NO_STATUS, WebSocketMachine } from "../../src/websocket/machine.ts";
import { closeFrame, frame, join } from "./frames.ts";

/** The result of a session: complete messages, and how it ends. */
interface Outcome {
  readonly messages: readonly (readonly [text: boolean, bytes: string])[];
  readonly pings: readonly string[];
  readonly pongs: readonly string[];
  readonly end: string | undefined;
  /** Frames that the server sent automatically. */
  readonly output: string;
}

function run(bytes: Uint8Array, size: number = bytes.length): Outcome {
  const machine = new WebSocketMachine();
  const messages: [boolean, string][] = [];
  const [pings, pongs]: [string[], string[]] = [[], []];
  let end: string | undefined;
  let message = "";
  let output = "";
  for (let at = 0; at < bytes.length; at += Math.max(1, size)) {
    machine.receive(bytes.slice(at, at + Math.max(1, size)));
    for (const event of machine.takeEvents()) {
      assertEquals(end, undefined, "nothing comes after the end");
      if (event.type === "data") {
        message += toHex(event.bytes);
        if (event.last) {
          messages.push([event.text, message]);
          message = "";
        }
      } else if (event.type === "ping") pings.push(toHex(event.payload));
      else if (event.type === "pong") pongs.push(toHex(event.payload));
      else {end = event.type === "close"
          ? `close ${event.code} ${event.reason}`
          : `fail ${event.code}`;}
    }
    output += toHex(machine.takeOutput());
  }
  return { messages, pings, pongs, end, output };
}

const text = (words: string) => toHex(new TextEncoder().encode(words));
const NOTHING: Outcome = { messages: [], pings: [], pongs: [], end: undefined, output: "" };
const big = (length: number) => new Uint8Array(length).fill(0x61);

const CASES: readonly (readonly [rule: string, bytes: Uint8Array, outcome: Partial<Outcome>])[] = [
  ["an empty message", frame(1), { messages: [[true, ""]] }],
  ["a message of text", frame(1, "h\u00e9llo"), { messages: [[true, text("h\u00e9llo")]] }],
  ["a message of bytes", frame(2, Uint8Array.of(0, 255)), { messages: [[false, "00ff"]] }],
  ["a mask of zeros", frame(1, "abc", { mask: [0, 0, 0, 0] }), { messages: [[true, text("abc")]] }],
  ...[125, 126, 127, 65_535, 65_536].map((length) =>
    [`a message of ${length} bytes`, frame(2, big(length)), {
      messages: [[false, toHex(big(length))]],
    }] as const
  ),
  ["a length in a longer form than necessary", frame(1, "ab", { form: 8 }), {
    messages: [[true, text("ab")]],
  }],
  [
    "fragments, with control frames between",
    join(
      frame(1, "one", { fin: false }),
      frame(9, "p"),
      frame(0, "two", { fin: false }),
      frame(10, "q"),
      frame(0, ""),
    ),
    {
      messages: [[true, text("onetwo")]],
      pings: [text("p")],
      pongs: [text("q")],
      output: "8a01" + text("p"),
    },
  ],
  ["a ping is answered with its payload", frame(9, big(125)), {
    pings: [toHex(big(125))],
    output: "8a7d" + toHex(big(125)),
  }],
  ["an unrequested pong", frame(10, "x"), { pongs: [text("x")] }],
  ["Close without a code", join(frame(8), frame(1, "never")), { end: `close ${NO_STATUS} ` }],
  ["Close with code and reason", closeFrame(1000, "bye \u2014"), { end: "close 1000 bye \u2014" }],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999].map((
    code,
  ) => [`the code ${code}`, closeFrame(code), { end: `close ${code} ` }] as const),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) =>
    [`the code ${code}, which none may send`, closeFrame(code), { end: "fail 1002" }] as const
  ),
  ["Close with half a code", frame(8, Uint8Array.of(3)), { end: "fail 1002" }],
  ["a reason that is not UTF-8", closeFrame(1000, Uint8Array.of(0xc3, 0x28)), { end: "fail 1007" }],
  ["a frame that is not masked", frame(1, "x", { masked: false }), { end: "fail 1002" }],
  ...[1, 2, 4, 7].map((reserved) =>
    [`the reserved bits ${reserved}`, frame(1, "x", { reserved }), { end: "fail 1002" }] as const
  ),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    [`the opcode ${opcode}`, frame(opcode, "x"), { end: "fail 1002" }] as const
  ),
  ["a control frame in fragments", frame(9, "x", { fin: false }), { end: "fail 1002" }],
  ["a control frame of 126 bytes", frame(9, big(126)), { end: "fail 1002" }],
  ["a continuation of nothing", frame(0, "x"), { end: "fail 1002" }],
  ["a continuation after a whole message", join(frame(1, "a"), frame(0, "x")), {
    messages: [[true, text("a")]],
    end: "fail 1002",
  }],
  ["a message within a message", join(frame(1, "a", { fin: false }), frame(1, "b")), {
    end: "fail 1002",
  }],
  ["a length without bounds", Uint8Array.of(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4), {
    end: "fail 1009",
  }],
  ["text that is not UTF-8", frame(1, Uint8Array.of(0xff)), { end: "fail 1007" }],
  ["text with a surrogate", frame(1, Uint8Array.of(0xed, 0xa0, 0x80)), { end: "fail 1007" }],
  ["text with half a character at its end", frame(1, Uint8Array.of(0x61, 0xc3)), {
    end: "fail 1007",
  }],
  [
    "a character that is cut by a fragment",
    join(frame(1, Uint8Array.of(0xe2, 0x82), { fin: false }), frame(0, Uint8Array.of(0xac))),
    { messages: [[true, "e282ac"]] },
  ],
  ["bytes that are not UTF-8 in a message of bytes", frame(2, Uint8Array.of(0xff)), {
    messages: [[false, "ff"]],
  }],
];

for (const [rule, bytes, outcome] of CASES) {
  Deno.test(`WebSocketMachine: ${rule}, split anywhere`, () => {
    const wanted = { ...NOTHING, ...outcome };
    const sizes = bytes.length > 1_000
      ? [bytes.length, 1, 7, 4096]
      : Array.from(bytes, (_, index) => index + 1);
    for (const size of sizes) assertEquals(run(bytes, size), wanted, `pieces of ${size}`);
  });
}

Deno.test("WebSocketMachine sends frames of each length, and nothing after Close", () => {
  const machine = new WebSocketMachine();
  const sent = (bytes: Uint8Array) => {
    machine.send(bytes);
    const output = machine.takeOutput();
    return [toHex(output.slice(0, output.length - bytes.length)), output.length - bytes.length];
  };
  assertEquals(sent(big(0)), ["8200", 2]);
  assertEquals(sent(big(125)), ["827d", 2]);
  assertEquals(sent(big(126)), ["827e007e", 4]);
  assertEquals(sent(big(65_535)), ["827effff", 4]);
  assertEquals(sent(big(65_536)), ["827f0000000000010000", 10]);
  machine.ping(Uint8Array.of(7));
  assertEquals(toHex(machine.takeOutput()), "890107");
  machine.close(1001, "x".repeat(200));
  assertEquals(toHex(machine.takeOutput()), "887d03e9" + "78".repeat(123));
  machine.send(big(5));
  machine.ping();
  machine.close(1000);
  machine.receive(frame(9, "x"));
  assertEquals(machine.outputLength, 0);
  assertThrows(() => machine.close(1005), Error, "the close code");
  assertThrows(() => new WebSocketMachine().ping(big(126)), Error, "at most 125");
});

const part = fc.oneof(
  fc.record({
    opcode: fc.constantFrom(0, 1, 2, 2, 0),
    fin: fc.boolean(),
    payload: fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }).map((words) => new TextEncoder().encode(words)),
      fc.uint8Array({ maxLength: 300 }),
    ),
  }).map(({ opcode, fin, payload }) => frame(opcode, payload, { fin })),
  fc.record({ opcode: fc.constantFrom(9, 10), payload: fc.uint8Array({ maxLength: 125 }) }).map((
    one,
  ) => frame(one.opcode, one.payload)),
  fc.integer({ min: 990, max: 1020 }).map((code) => closeFrame(code, "why")),
  fc.record({
    opcode: fc.nat(15),
    reserved: fc.constantFrom(0, 0, 0, 1),
    masked: fc.constantFrom(true, true, false),
  })
    .map(({ opcode, ...rest }) => frame(opcode, "x", rest)),
  fc.uint8Array({ maxLength: 4 }),
);
/** Mostly valid sessions: matching fragments. */
const conversation = fc.array(part, { minLength: 1, maxLength: 12 });

Deno.test("WebSocketMachine: random frames give the same result however they are split", () => {
  fc.assert(
    fc.property(conversation, fc.integer({ min: 1, max: 9 }), (parts, size) => {
      const bytes = join(...parts);
      assertEquals(run(bytes, size), run(bytes));
    }),
    { numRuns: 500 },
  );
});

Deno.test("WebSocketMachine: random frames give the same result as in ws", async () => {
  await fc.assert(
    fc.asyncProperty(conversation, async (parts) => {
      const bytes = join(...parts);
      const ours = run(bytes);
      const theirs = await runWs(bytes);
      // ws checks UTF-8 when a message is complete, this machine as it arrives.
      if (ours.end === "fail 1007") return;
      assertEquals(theirs.end, ours.end);
      assertEquals(theirs.messages, ours.messages);
      assertEquals(theirs.pings, ours.pings);
      assertEquals(theirs.pongs, ours.pongs);
    }),
    { numRuns: 500 },
  );
});

/** The same bytes through the receiver of ws. */
function runWs(bytes: Uint8Array): Promise<Omit<Outcome, "output">> {
  const receiver = new Receiver({ isServer: true, allowSynchronousEvents: true });
  const messages: [boolean, string][] = [];
  const [pings, pongs]: [string[], string[]] = [[], []];
  let end: string | undefined;
  receiver.on(
    "message",
    (data: Uint8Array, binary: boolean) => messages.push([!binary, toHex(data)]),
  );
  receiver.on("ping", (data: Uint8Array) => pings.push(toHex(data)));
  receiver.on("pong", (data: Uint8Array) => pongs.push(toHex(data)));
  receiver.on("conclude", (code: number, reason: Uint8Array) => {
    end ??= `close ${code} ${new TextDecoder().decode(reason)}`;
  });
  return new Promise((resolve) => {
    const done = () => resolve({ messages, pings, pongs, end });
    receiver.on("error", (error: object) => {
      const codes = Object.getOwnPropertySymbols(error).map((symbol) =>
        (error as Record<symbol, unknown>)[symbol]
      );
      end ??= `fail ${codes.find((code) => typeof code === "number")}`;
      done();
    });
    receiver.on("conclude", done);
    receiver.write(Buffer.from(bytes), (error: unknown) => error ? undefined : done());
  });
}

Deno.test("WebSocketMachine: taking a chunk some frames at a time gives the same result", () => {
  fc.assert(
    fc.property(conversation, fc.integer({ min: 1, max: 3 }), (parts, frames) => {
      const bytes = join(...parts);
      const whole = new WebSocketMachine();
      whole.receive(bytes.slice());
      const sliced = new WebSocketMachine();
      const [events, output]: [string[], Uint8Array[]] = [[], []];
      let rest: Uint8Array = bytes.slice();
      while (rest.length > 0 && !sliced.over) {
        rest = rest.subarray(sliced.receive(rest, frames));
        const came = sliced.takeEvents();
        const ends = came.filter((event) => event.type !== "data" || event.last).length;
        assert(ends <= frames);
        events.push(...came.map((event) => JSON.stringify(event)));
        output.push(sliced.takeOutput().slice());
      }
      assertEquals(events, whole.takeEvents().map((event) => JSON.stringify(event)));
      assertEquals(toHex(join(...output)), toHex(whole.takeOutput()));
    }),
    { numRuns: 200 },
  );
});

Deno.test("WebSocketMachine: the work per byte does not grow with the message", () => {
  const machine = new WebSocketMachine();
  const bytes = frame(2, big(200_000));
  let count = 0;
  for (let at = 0; at < bytes.length; at++) {
    machine.receive(bytes.slice(at, at + 1));
    for (const event of machine.takeEvents()) {
      if (event.type === "data") count += event.bytes.length;
    }
  }
  assertEquals(count, 200_000); // nothing was buffered to be joined
  assert(machine.takeEvents().length === 0);
});
