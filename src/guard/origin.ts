/** Where a connection comes from. */
export interface Origin {
  /** The person's IP address, also where a trusted proxy named it. */
  readonly address: string;
  /** The person's port. */
  readonly port: number;
  /** Whether it is encrypted on its way from the person, as far as is known. */
  readonly encrypted: boolean;
}
