using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace TalosTailscale.Lab.Images;

/// <summary>
/// Signs a PE file as <c>sbsign</c> does: SHA-256 over the file without checksum, certificate directory entry and
/// certificate table; PKCS#7 SignedData over SpcIndirectDataContent; appended as WIN_CERTIFICATE.
/// </summary>
internal static class AuthenticodeSigner
{
    private const string Sha256Oid = "2.16.840.1.101.3.4.2.1";
    private const string SpcIndirectData = "1.3.6.1.4.1.311.2.1.4";
    private const string SpcPeImageData = "1.3.6.1.4.1.311.2.1.15";
    private const string SignedData = "1.2.840.113549.1.7.2";

    /// <summary>Appends the signature to the image that starts at <paramref name="start"/> and ends the stream.</summary>
    /// <param name="image">Readable, writable, seekable.</param>
    /// <param name="start">Where the image starts in the stream.</param>
    /// <param name="directories">Offset in the image of the data directories of the optional header.</param>
    /// <param name="keys">Who signs.</param>
    public static void Sign(Stream image, long start, int directories, LabSigningKeys keys)
    {
        var length = image.Length - start;
        var padding = (int)((8 - (length % 8)) % 8);
        image.Position = image.Length;
        image.Write(new byte[padding]);
        var entry = directories + (4 * 8);
        var checksum = entry - (4 * 8) - 48;
        var cms = Cms(Digest(image, start, checksum, entry), keys);

        var table = new byte[(8 + cms.Length + 7) & ~7];
        BinaryPrimitives.WriteInt32LittleEndian(table, table.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan(4), 0x0200);
        BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan(6), 0x0002);
        cms.CopyTo(table, 8);
        image.Position = image.Length;
        image.Write(table);

        var directory = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(directory, (uint)(length + padding));
        BinaryPrimitives.WriteInt32LittleEndian(directory.AsSpan(4), table.Length);
        image.Position = start + entry;
        image.Write(directory);
        image.Position = image.Length;
    }

    private static byte[] Digest(Stream image, long start, int checksum, int entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        image.Position = start;
        Feed(image, hash, checksum);
        image.Position += 4;
        Feed(image, hash, entry - checksum - 4);
        image.Position += 8;
        Feed(image, hash, image.Length - image.Position);
        return hash.GetHashAndReset();
    }

    private static void Feed(Stream image, IncrementalHash hash, long count)
    {
        var buffer = new byte[81920];
        while (count > 0)
        {
            var read = image.Read(buffer, 0, (int)Math.Min(buffer.Length, count));
            if (read == 0)
                throw new EndOfStreamException("The image ended while it was being signed.");
            hash.AppendData(buffer, 0, read);
            count -= read;
        }
    }

    private static byte[] Cms(byte[] digest, LabSigningKeys keys)
    {
        var content = Content(digest);
        // The message digest is over the value of the SEQUENCE, without its tag and length (PKCS#7 1.5, section 9.3).
        AsnDecoder.ReadSequence(content, AsnEncodingRules.DER, out var offset, out var valueLength, out _);
        var attributes = Attributes(SHA256.HashData(content.AsSpan(offset, valueLength)));
        var signature = keys.Signing.SignData(attributes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        var w = new AsnWriter(AsnEncodingRules.DER);
        using (w.PushSequence())
        {
            w.WriteObjectIdentifier(SignedData);
            using (w.PushSequence(Context(0)))
            using (w.PushSequence())
            {
                w.WriteInteger(1);
                using (w.PushSetOf())
                    Algorithm(w, Sha256Oid);
                using (w.PushSequence())
                {
                    w.WriteObjectIdentifier(SpcIndirectData);
                    using (w.PushSequence(Context(0)))
                        w.WriteEncodedValue(content);
                }

                using (w.PushSetOf(Context(0)))
                    w.WriteEncodedValue(keys.Certificate.RawData);
                using (w.PushSetOf())
                    SignerInfo(w, keys, attributes, signature);
            }
        }

        return w.Encode();
    }

    private static void SignerInfo(AsnWriter w, LabSigningKeys keys, byte[] attributes, byte[] signature)
    {
        using (w.PushSequence())
        {
            w.WriteInteger(1);
            using (w.PushSequence())
            {
                w.WriteEncodedValue(keys.Certificate.IssuerName.RawData);
                w.WriteInteger(keys.Certificate.SerialNumberBytes.Span);
            }

            Algorithm(w, Sha256Oid);
            byte[] tagged = [.. attributes];
            tagged[0] = 0xA0; // signed as SET OF, stored as [0] IMPLICIT (RFC 2315, 9.3)
            w.WriteEncodedValue(tagged);
            Algorithm(w, "1.2.840.113549.1.1.1");
            w.WriteOctetString(signature);
        }
    }

    private static byte[] Content(byte[] digest)
    {
        var w = new AsnWriter(AsnEncodingRules.DER);
        using (w.PushSequence())
        {
            using (w.PushSequence())
            {
                w.WriteObjectIdentifier(SpcPeImageData);
                using (w.PushSequence())
                {
                    w.WriteBitString([]);
                    using (w.PushSequence(Context(0)))
                    using (w.PushSequence(Context(2)))
                        w.WriteCharacterString(
                            UniversalTagNumber.BMPString,
                            "<<<Obsolete>>>",
                            new Asn1Tag(TagClass.ContextSpecific, 0)
                        );
                }
            }

            using (w.PushSequence())
            {
                Algorithm(w, Sha256Oid);
                w.WriteOctetString(digest);
            }
        }

        return w.Encode();
    }

    private static byte[] Attributes(byte[] messageDigest)
    {
        var w = new AsnWriter(AsnEncodingRules.DER);
        using (w.PushSetOf())
        {
            Attribute(w, "1.2.840.113549.1.9.3", v => v.WriteObjectIdentifier(SpcIndirectData));
            Attribute(w, "1.2.840.113549.1.9.5", v => v.WriteUtcTime(LabBytes.Epoch));
            Attribute(w, "1.2.840.113549.1.9.4", v => v.WriteOctetString(messageDigest));
        }

        return w.Encode();
    }

    private static void Attribute(AsnWriter w, string oid, Action<AsnWriter> value)
    {
        using (w.PushSequence())
        {
            w.WriteObjectIdentifier(oid);
            using (w.PushSetOf())
                value(w);
        }
    }

    private static void Algorithm(AsnWriter w, string oid)
    {
        using (w.PushSequence())
        {
            w.WriteObjectIdentifier(oid);
            w.WriteNull();
        }
    }

    private static Asn1Tag Context(int number) => new(TagClass.ContextSpecific, number, isConstructed: true);
}
