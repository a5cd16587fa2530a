package org.scanformer.video;

/**
 * What a source has done so far. Immutable.
 *
 * @param decoded frames that were decoded
 * @param delivered frames that the consumer got
 * @param dropped frames that a newer one replaced before the consumer asked for it
 * @param decodeErrors packets that could not be decoded, and frames that are known to be damaged
 * @param stalls reads that took longer than the limit
 * @param reconnects how often the source was opened again
 */
public record VideoStatistics(
    long decoded, long delivered, long dropped, long decodeErrors, long stalls, long reconnects) {}
