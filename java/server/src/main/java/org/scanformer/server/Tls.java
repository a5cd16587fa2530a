package org.scanformer.server;

import java.nio.file.Path;

/**
 * Files of the server's certificate, in PEM.
 *
 * @param certificate the certificate, followed by those that lead to the root
 * @param key its private key in PKCS #8, not encrypted
 */
public record Tls(Path certificate, Path key) {}
