import type { TelnetOption } from "./option.ts";

/** Code of the option END-OF-RECORD (RFC 885): if it is agreed, IAC EOR ends each prompt. */
export const END_OF_RECORD = 0x19;

/** END-OF-RECORD as the server uses it; `client.prompt()` sends the marks. */
export const endOfRecord: TelnetOption<true> = {
  code: END_OF_RECORD,
  name: "END-OF-RECORD",
  agreeLocal: true,
  offer: "local",
};

/** END-OF-RECORD as the client uses it: IAC EOR ends a prompt. */
export const endOfRecordClient: TelnetOption<true> = {
  code: END_OF_RECORD,
  name: "END-OF-RECORD",
  agreeRemote: true,
};
