/** What a caller gives wrongly is refused at once: it is neither sent changed nor found out later. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { checkDeclarations, type OptionDeclarations } from "../../src/options/registry.ts";
import * as options from "../../src/options/mod.ts";
import { TelnetError } from "../../src/protocol/mod.ts";

const anything = fc.anything({ withMap: true, withSet: true, withDate: true, withBigInt: true });
const fixed = { seed: 854, numRuns: 300 };

/** The encoders with one argument of any kind, and what to read their result with. */
const ENCODERS: Record<string, (value: never) => unknown> = {
  encodeAardwolf: options.encodeAardwolf,
  "encodeAardwolf channel": (channel) =>
    options.encodeAardwolf({ channel, data: new Uint8Array() }),
  "encodeAardwolf data": (data) => options.encodeAardwolf({ channel: 1, data }),
  "encodeAtcp name": (name) => options.encodeAtcp({ name, body: "" }),
  "encodeAtcp body": (body) => options.encodeAtcp({ name: "A", body }),
  encodeCharsetRequest: options.encodeCharsetRequest,
  "encodeCharsetRequest name": (name) => options.encodeCharsetRequest([name]),
  "encodeEnvironSend name": (name) => options.encodeEnvironSend([name]),
  encodeFlowControl: options.encodeFlowControl,
  encodeLinemodeForwardmask: options.encodeLinemodeForwardmask,
  encodeLinemodeMode: options.encodeLinemodeMode,
  "encodeLinemodeSlc level": (level) => options.encodeLinemodeSlc([slc({ level })]),
  "encodeLinemodeSlc value": (value) => options.encodeLinemodeSlc([slc({ value })]),
  encodeMsdp: options.encodeMsdp,
  "encodeMsdp name": (name) => options.encodeMsdp(new Map([[name, "x"]])),
  encodeSendLocation: options.encodeSendLocation,
  "encodeStatusIs will": (code) => options.encodeStatusIs({ will: [code], do: [], facts: [] }),
  "encodeTerminalSpeed": (speed) => options.encodeTerminalSpeed({ transmit: speed, receive: 1 }),
  encodeTerminalType: options.encodeTerminalType,
  encodeXDisplayLocation: options.encodeXDisplayLocation,
  encodeZmp: options.encodeZmp,
  "encodeZmp argument": (arg) => options.encodeZmp("zmp.ping", [arg]),
  mxpMode: options.mxpMode,
  mspSound: options.mspSound,
  "mspSound volume": (volume) => options.mspSound("a.wav", { volume }),
  "mspSound repeats": (repeats) => options.mspSound("a.wav", { repeats }),
  "mspSound type": (type) => options.mspSound("a.wav", { type }),
};

function slc(part: object): options.SlcEntry {
  const whole = { function: 3, level: "value", ack: false, flushIn: false, flushOut: false };
  return { ...whole, value: 3, ...part } as options.SlcEntry;
}

for (const [name, encode] of Object.entries(ENCODERS)) {
  Deno.test(`${name}: a value of another type is misuse, never a damaged payload`, () => {
    fc.assert(
      fc.property(anything, (value) => {
        let result: unknown;
        try {
          result = encode(value as never);
        } catch (error) {
          const misuse = error instanceof TelnetError && error.code === "misuse";
          // An object in place of several arguments cannot be taken apart.
          assert(misuse || value === null || value === undefined, String(error));
          return;
        }
        const shown = typeof result === "string"
          ? result
          : new TextDecoder().decode(result as Uint8Array);
        assert(!/NaN|undefined|object Object|\[-1z/.test(shown) || String(value) === shown, shown);
      }),
      fixed,
    );
  });
}

Deno.test("an encoder refuses what its decoder would read as something else", () => {
  const wrong: (() => unknown)[] = [
    () => options.encodeAtcp({ name: "A B", body: "" }),
    () => options.encodeAtcp({ name: "", body: "x" }),
    () => options.encodeCharsetRequest(["UTF8é"]),
    () => options.encodeCharsetRequest(["a b"]),
    () => options.encodeMsdp(new Map([["", "x"]])),
    () => options.encodeTerminalSpeed({ transmit: 1e30, receive: 1 }),
    () => options.mspSound(""),
    () => options.mspSound("a", { volume: 500 }),
    () => options.encodeMssp({ NAME: NaN as never }),
    () => options.encodeMssp({ NAME: [{}] as never }),
    () => options.encodeMssp(new Map([["NAME", "x"]]) as never),
  ];
  for (const call of wrong) {
    assertEquals(assertThrows(call, TelnetError).code, "misuse", String(call));
  }
});

/** Puts a wrong value at each depth of a valid declaration. */
const DECLARATIONS: Record<string, (wrong: unknown) => OptionDeclarations> = {
  "charset.names": (names) => ({ charset: { names } }) as never,
  "charset.names[0]": (name) => ({ charset: { names: [name] } }) as never,
  "newEnviron.names": (names) => ({ newEnviron: { names } }) as never,
  "newEnviron.names[0]": (name) => ({ newEnviron: { names: [name] } }) as never,
  "zmp.supports": (supports) => ({ zmp: { supports } }) as never,
  "zmp.supports[0]": (name) => ({ zmp: { supports: [name] } }) as never,
  "msdp.variables": (variables) => ({ msdp: { variables } }) as never,
  "msdp.variables.HP": (variable) => ({ msdp: { variables: { HP: variable } } }) as never,
  mssp: (mssp) => ({ mssp }) as never,
};

for (const [path, declare] of Object.entries(DECLARATIONS)) {
  Deno.test(`telnetOptions.${path}: a value of another type is refused by listen()`, () => {
    for (const wrong of [5, NaN, 5n, Symbol("x"), () => 5, new Map(), [[5]], null]) {
      if (path === "mssp" && typeof wrong === "function") continue;
      const error = assertThrows(() => checkDeclarations(declare(wrong)), TelnetError);
      assertEquals(error.code, "misuse", error.message);
    }
  });
}

const NO_JSON = [
  new Map([["a", 1]]),
  new Set([1]),
  Promise.resolve(1),
  NaN,
  Infinity,
  5n,
  () => 1,
  Symbol("x"),
  new Uint8Array(2),
  /x/,
];

Deno.test("JSON refuses at every depth what would come back as something else", () => {
  for (const wrong of NO_JSON) {
    for (const value of [wrong, { a: wrong }, [[wrong]], { a: [{ b: wrong }] }]) {
      const error = assertThrows(() => options.encodeGmcp("A", value), TelnetError);
      assertEquals(error.code, "misuse");
    }
  }
  const circle: unknown[] = [];
  circle.push(circle);
  assertThrows(() => options.encodeGmcp("A", circle), TelnetError, "contains itself");
  assertThrows(() => options.encodeGmcp("A", { a: [new Map()] }), TelnetError, "the value.a[0]");
});

Deno.test("JSON accepts data that only looks like something else, and objects of any class", () => {
  class Flags {
    set?: boolean;
  }
  class Point {
    x = 1;
  }
  for (const value of [{ if: "rain", then: "inside" }, new Flags(), new Point(), { toJSON: 1 }]) {
    const payload = options.encodeGmcp("A", [value]);
    assertEquals(options.decodeGmcp(payload)?.value, JSON.parse(JSON.stringify([value])));
  }
  const date = new Date(0);
  assertEquals(options.decodeGmcp(options.encodeGmcp("A", date))?.value, date.toJSON());
  const sent = options.decodeMsdp(options.encodeMsdp(new Map([["A", date as never]])));
  assertEquals(sent.get("A"), date.toJSON());
});

Deno.test("whatever JSON accepts comes back as JSON.stringify has it", () => {
  fc.assert(
    fc.property(anything, (value) => {
      let payload: Uint8Array;
      try {
        payload = options.encodeGmcp("A", value ?? null);
      } catch (error) {
        return assert(error instanceof TelnetError && error.code === "misuse", String(error));
      }
      const message = options.decodeGmcp(payload);
      const plain = JSON.parse(
        JSON.stringify(value ?? null),
        (key, part) => key === "__proto__" ? undefined : part,
      );
      assertEquals(message?.value, plain);
    }),
    { seed: 8259, numRuns: 2_000 },
  );
});

Deno.test("MSDP refuses what has no parts, what is too deep, and what contains itself", () => {
  const nested = (depth: number): options.MsdpInput => depth === 0 ? "x" : { a: nested(depth - 1) };
  const deepest = new Map([["A", nested(15)]]);
  assertEquals(options.decodeMsdp(options.encodeMsdp(deepest)), deepest as never);
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const names = [{ "x\x02y": "1" }, { "": "1" }];
  for (const wrong of [nested(16), circle, ...names, ...NO_JSON]) {
    const call = () => options.encodeMsdp(new Map([["A", wrong as never]]));
    assertEquals(assertThrows(call, TelnetError).code, "misuse");
  }
});
