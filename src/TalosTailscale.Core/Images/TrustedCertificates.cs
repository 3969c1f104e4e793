using Org.BouncyCastle.Security.Certificates;
using Org.BouncyCastle.X509;

namespace TalosTailscale.Core.Images;

/// <summary>Certificates that a UKI may be signed by, out of a file.</summary>
public static class TrustedCertificates
{
    private const int MaxFile = 1024 * 1024;

    /// <summary>Reads a file with one certificate in DER form, or any number in PEM form.</summary>
    /// <param name="path">The file; <c>EFI/keys/uki-signing-cert.der</c> of an ISO, <c>signing-cert.pem</c> of the Image Factory.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The certificates, DER.</returns>
    /// <exception cref="TsException"><see cref="ImageErrors.CertificateMalformed"/>, <see cref="ImageErrors.ImageNotFound"/>.</exception>
    public static async Task<IReadOnlyList<byte[]>> ReadAsync(
        string path,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var stream = await ImageStream.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            if (stream.Length > MaxFile)
                throw ImageErrors.CertificateMalformed.New(
                    $"'{path}' is {stream.Length} bytes; a certificate was expected.",
                    path
                );
            var bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            return Parse(bytes, path);
        }
    }

    /// <summary>Reads one certificate in DER form, or any number in PEM form.</summary>
    /// <param name="content">The content of the file.</param>
    /// <param name="name">Its name in messages.</param>
    /// <returns>The certificates, DER.</returns>
    /// <exception cref="TsException"><see cref="ImageErrors.CertificateMalformed"/>.</exception>
    public static IReadOnlyList<byte[]> Parse(byte[] content, string name)
    {
        ArgumentNullException.ThrowIfNull(content);
        try
        {
            var certificates = new X509CertificateParser()
                .ReadCertificates(content)
                .Select(c => c.GetEncoded())
                .ToList();
            if (certificates.Count > 0)
                return certificates;
        }
        catch (Exception e)
            when (e
                    is CertificateException
                        or IOException
                        or ArgumentException
                        or FormatException
                        or InvalidCastException
            )
        {
            throw ImageErrors.CertificateMalformed.New($"'{name}' is not a certificate in DER or PEM form.", name, e);
        }

        throw ImageErrors.CertificateMalformed.New($"'{name}' holds no certificate.", name);
    }
}
