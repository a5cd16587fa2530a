# What the scripts beside this one have in common. They set `work`, the directory that becomes the archive.

# A Java runtime, made by the JDK of JAVA_HOME.
make_runtime() {
    "$JAVA_HOME/bin/jlink" \
        --add-modules java.desktop,java.logging,java.management,java.xml,jdk.jfr,jdk.management,jdk.unsupported \
        --strip-debug --no-man-pages --no-header-files --compress=0 --output "$work/runtime"
    # A distribution's JDK takes its own libraries of JPEG and of colours, which other systems have under other names.
    ldd "$work/runtime/lib/libjavajpeg.so" "$work/runtime/lib/liblcms.so" |
        awk '$1 ~ /^lib(jpeg|lcms2)\.so/ { print $3 }' | while read -r library; do
        cp -L "$library" "$work/runtime/lib/"
    done
    git -C "$(dirname "$0")" describe --always --dirty --abbrev=12 >"$work/COMMIT" 2>/dev/null || echo unknown >"$work/COMMIT"
}

# leave_out_onednn LIBRARY: makes a small library that takes oneDNN's place beside it.
leave_out_onednn() {
    mkdir -p "$work/left-out"
    nm -D --undefined-only "$1" | awk '$2 ~ /^dnnl_/ && $2 != "dnnl_version" { print "LEFT_OUT(" $2 ")" }' >"$work/left-out.h"
    cc -shared -fPIC -DLEFT_OUT_H="\"$work/left-out.h\"" -Wl,-soname,libdnnl.so.3 -o "$work/left-out/libdnnl.so" \
        "$(dirname "$0")/onednn_left_out.c"
    rm "$work/left-out.h"
}

# add_jar JAR FIND-EXPRESSION...: adds a jar without the files of the expression, without the natives of other platforms and
# stored, not deflated: xz then finds what the classes of all jars have in common.
add_jar() {
    jar=$1
    shift
    mkdir "$work/unpacked"
    (cd "$work/unpacked" && "$JAVA_HOME/bin/jar" xf "$jar" &&
        rm -rf module-info.class org/scanformer/natives/*/linux-arm64 && find . \( "$@" \) -delete &&
        "$JAVA_HOME/bin/jar" cfM0 "$work/lib/$(basename "$jar")" .)
    library=$(find "$work/unpacked" -path '*/api/linux-x86_64/libjniscanformer.so')
    [ -z "$library" ] || leave_out_onednn "$library"
    rm -rf "$work/unpacked"
}

# pack ARCHIVE BYTES: fails if the archive has more bytes.
pack() {
    [ -f "$work/left-out/libdnnl.so" ] || { echo "Found no jar with the native library" >&2; exit 1; }
    chmod -R u+w "$work"
    (cd "$(dirname "$work")" && tar cf - --sort=name --owner=0 --group=0 "$(basename "$work")" | xz -T0 -9e >"$1")
    bytes=$(wc -c <"$1")
    echo "$1: $bytes bytes"
    if [ "$bytes" -gt "$2" ]; then
        echo "The archive has $bytes bytes, expected at most $2. What is largest in it, before compression:" >&2
        (cd "$work" && find . -type f -printf '%12s %P\n') | sort -rn | head -12 >&2
        exit 1
    fi
}
