import { throwMisuse } from "../protocol/error.ts";
import {
  checkBoolean,
  checkByte,
  checkFunction,
  checkList,
  checkOneOf,
  checkText,
  inspect,
  rejectUnknownKeys,
  throwUnexpected,
} from "../protocol/validate.ts";
import type { TelnetOption } from "./option.ts";
import type { OptionSet } from "./option_set.ts";

const OPTION_NAMES: Readonly<Record<keyof TelnetOption, true>> = {
  code: true,
  name: true,
  events: true,
  agreeLocal: true,
  agreeRemote: true,
  offer: true,
  mud: true,
  exclusive: true,
  changesStream: true,
  offerEncrypted: true,
  check: true,
  attach: true,
};

/**
 * Checks the caller's own options.
 *
 * @param builtIn The built-in options.
 * @param taken The names of other events, which the options must not use.
 * @throws {TelnetError} `misuse`: an invalid option, or a code or event name that is already used.
 */
export function checkCustomOptions(
  custom: readonly TelnetOption[],
  builtIn: OptionSet,
  taken: readonly string[],
): void {
  checkList("customOptions", custom);
  const known = new Map(builtIn.all.map(({ code, name }) => [code, name]));
  const events = new Set([...builtIn.eventNames, ...taken]);
  for (const [index, option] of custom.entries()) {
    const what = `customOptions[${index}]`;
    if (typeof option !== "object" || option === null) {
      throwUnexpected(what, "a TelnetOption, an object with code, name and attach()", option);
    }
    const { code, name, offer, attach, check, offerEncrypted, events: own = [] } = option;
    const { agreeLocal, agreeRemote, mud, exclusive, changesStream } = option;
    checkByte(`${what}.code`, code);
    if (code === 255) throwUnexpected(`${what}.code`, "a byte from 0 to 254, as 255 is IAC", code);
    if (Object.getPrototypeOf(option) === Object.prototype) {
      rejectUnknownKeys(what, option, OPTION_NAMES, { offers: "offer", event: "events" });
    }
    checkText(`${what}.name`, name);
    for (const [member, value] of Object.entries({ attach, check, offerEncrypted })) {
      if (value !== undefined) checkFunction(`${what}.${member}`, value);
    }
    if (offer !== undefined) checkOneOf(`${what}.offer`, offer, ["local", "remote"]);
    if (changesStream !== undefined) {
      checkOneOf(`${what}.changesStream`, changesStream, ["input", "output", "both"]);
    }
    checkList(`${what}.events`, own);
    if (known.has(code)) {
      throwMisuse(
        `Cannot add option ${code} (${name}): ${
          known.get(code)
        } has this code already; choose a free one`,
      );
    }
    known.set(code, name);
    for (
      const [flag, value] of Object.entries({
        agreeLocal,
        agreeRemote,
        mud,
        exclusive,
      })
    ) {
      if (value !== undefined) checkBoolean(`${what}.${flag}`, value);
    }
    for (const event of own) {
      checkText(`${what}.events`, event);
      if (!/^(?!on[A-Z])[a-z][A-Za-z0-9]*$/.test(event)) {
        throwMisuse(
          `Cannot add the event ${inspect(event)} of ${name}: name it without "on", such as ` +
            '"forecast", which onForecast handles',
        );
      }
      if (events.has(event)) {
        throwMisuse(
          `Cannot add the event "${event}" of ${name}: this name is taken`,
        );
      }
      events.add(event);
    }
  }
}
