/* Stands for oneDNN in the archive for a machine with a GPU, which has no room for its 90 MB. The native library is linked with
 * it and loads only if there is a libdnnl.so.3, but calls it only for matrix products on the CPU. LEFT_OUT_H, which assemble.sh
 * makes, has a LEFT_OUT(name) for each function that the library is linked with. */
#include <stdio.h>
#include <stdlib.h>

/* As in oneDNN's dnnl_types.h. */
typedef struct {
    int major;
    int minor;
    int patch;
    const char* hash;
    unsigned cpu_runtime;
    unsigned gpu_runtime;
} dnnl_version_t;

const dnnl_version_t* dnnl_version(void) {
    static const dnnl_version_t left_out = {0, 0, 0, "left out", 0, 0};
    return &left_out;
}

static void fail(const char* function) {
    fprintf(stderr, "%s: oneDNN is left out of this archive; matrix products on this CPU need it\n", function);
    abort();
}

#define LEFT_OUT(name) \
    void name(void) { fail(#name); }
#include LEFT_OUT_H
