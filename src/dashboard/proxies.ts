import { BlockList, isIP } from 'node:net';

/** Answers whether an address belongs to a list of addresses and CIDR ranges, as the configuration has checked them. */
export function addressCheck(list: readonly string[]): (address: string) => boolean {
  const known = new BlockList();
  for (const entry of list) {
    const [address, bits] = entry.split('/');
    const family = familyOf(address!);
    if (bits === undefined) known.addAddress(address!, family);
    else known.addSubnet(address!, Number(bits), family);
  }
  return address => isIP(address) !== 0 && known.check(address, familyOf(address));
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
