/** Video in and out, by FFmpeg, and the tracking of what expressions refer to. */
package org.scanformer.video;
