/** What --allow-insecure says of itself wherever the CardGenius API is asked. */
export const ALLOW_INSECURE_HELP = 'take an http:// address off this machine: only within a network that you trust';
