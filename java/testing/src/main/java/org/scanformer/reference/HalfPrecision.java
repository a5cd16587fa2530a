package org.scanformer.reference;

/**
 * The two 16-bit float formats of a safetensors file: IEEE 754 binary16 (F16) and bfloat16 (BF16).
 */
final class HalfPrecision {
  private HalfPrecision() {}

  /** The value of a binary16: 1 sign bit, 5 exponent bits with bias 15, 10 mantissa bits. */
  static double halfToDouble(short bits) {
    int exponent = (bits >> 10) & 0x1f;
    int mantissa = bits & 0x3ff;
    double magnitude;
    if (exponent == 0) {
      magnitude = Math.scalb((double) mantissa, -24);
    } else if (exponent == 0x1f) {
      magnitude = mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else {
      magnitude = Math.scalb(1024.0 + mantissa, exponent - 25);
    }
    return bits < 0 ? -magnitude : magnitude;
  }

  /** The binary16 nearest to a finite value, ties to even; infinity from 65520 on. */
  static short doubleToHalf(double value) {
    int sign = Double.doubleToRawLongBits(value) < 0 ? 0x8000 : 0;
    double magnitude = Math.abs(value);
    if (magnitude >= 65520) {
      return (short) (sign | 0x7c00);
    }
    // Around the value halves are 2^(exponent - 10) apart; subnormals as far as the smallest
    // normals.
    int exponent = Math.max(Math.getExponent(magnitude), -14);
    int steps = (int) Math.rint(Math.scalb(magnitude, 10 - exponent));
    // A normal number has 1024 to 2048 steps, so its leading bit adds one to the exponent field.
    return (short) (sign | (((exponent + 14) << 10) + steps));
  }

  /** The value of a bfloat16: the upper half of a binary32. */
  static double bfloat16ToDouble(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The bfloat16 nearest to a finite value, ties to even. */
  static short floatToBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int tieToEven = (bits >> 16) & 1;
    return (short) ((bits + 0x7fff + tieToEven) >> 16);
  }
}
