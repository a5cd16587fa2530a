#include "../processor.h"

#include <cpuid.h>

#include <cstring>

IsaList processor_isas() {
    static const Isa all[] = {
        {1, "x86-64", &cpu::x86_64::table},
        {3, "x86-64-v3", &cpu::x86_64_v3::table},
        {4, "x86-64-v4", &cpu::x86_64_v4::table},
    };
    const int count = __builtin_cpu_supports("x86-64-v4") ? 3 : __builtin_cpu_supports("x86-64-v3") ? 2 : 1;
    return {all, count};
}

bool processor_has_bf16() {
    unsigned int a, b, c, d;
    return __builtin_cpu_supports("x86-64-v4") && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 5)) != 0;
}

std::string processor_name() {
    char name[49] = {};
    unsigned int r[4];
    for (unsigned int i = 0; i < 3; i++) {
        if (!__get_cpuid(0x80000002 + i, &r[0], &r[1], &r[2], &r[3])) return "unknown";
        std::memcpy(name + 16 * i, r, 16);
    }
    const char* start = name;
    while (*start == ' ') start++;
    return start;
}
