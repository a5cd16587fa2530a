#include "processor.h"

#include <cpuid.h>
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <thread>

int processor_level() {
    if (__builtin_cpu_supports("x86-64-v4")) return 4;
    if (__builtin_cpu_supports("x86-64-v3")) return 3;
    return 1;
}

bool processor_has_bf16() {
    unsigned int a, b, c, d;
    return processor_level() == 4 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 5)) != 0;
}

int available_threads() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
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
