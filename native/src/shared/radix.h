/* The search for the k-th largest of floats by their bits, eight at a time from the highest down. */
#ifndef SCANFORMER_RADIX_H
#define SCANFORMER_RADIX_H

#include <stdint.h>

#include "host_device.h"

/* Orders floats, given by their bits, as unsigned integers; the bits of negative zero must be those of zero. */
SF_SHARED uint32_t sortable_bits(uint32_t bits) { return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u; }

/* The bits of a key that are known before those at `shift` are searched. */
SF_SHARED uint32_t known_bits(int shift) { return shift == 24 ? 0u : ~0u << (shift + 8); }

/*
 * The digit of the wanted-th largest of the keys counted in a histogram of 256 digits; takes those above it off
 * `wanted`. With none wanted it is the highest digit there is, and none of its keys is wanted.
 */
template <typename Histogram>
SF_SHARED int digit_of(const Histogram& histogram, int& wanted) {
    int digit = 255;
    while (digit > 0 && histogram[digit] < wanted) wanted -= histogram[digit--];
    return digit;
}

#endif
