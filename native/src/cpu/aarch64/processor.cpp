#include "../processor.h"

#include <asm/hwcap.h>
#include <sys/auxv.h>

#include <cstdint>
#include <cstdio>

IsaList processor_isas() {
    static const Isa all[] = {{1, "armv8-a", &cpu::armv8_a::table}};
    return {all, 1};
}

bool processor_has_bf16() { return false; }

/* The main identification register, as text: with HWCAP_CPUID the system lets a process read it. */
std::string processor_name() {
    if ((getauxval(AT_HWCAP) & HWCAP_CPUID) == 0) return "unknown";
    uint64_t midr;
    asm("mrs %0, MIDR_EL1" : "=r"(midr));
    char name[48];
    (void)std::snprintf(name, sizeof name, "arm64 implementer 0x%02x, part 0x%03x",
                        static_cast<unsigned>(midr >> 24 & 0xff), static_cast<unsigned>(midr >> 4 & 0xfff));
    return name;
}
