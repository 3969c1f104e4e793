using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace TalosTailscale.Lab.Images;

/// <summary>
/// The <c>.pcrsig</c> section as Talos makes it (<c>internal/pkg/measure</c>): PCR 11 after the sections and the three
/// boot phases, a PolicyPCR digest of it, signed, for three banks. <c>pkfp</c> is of the PKCS#1 key.
/// </summary>
internal static class PcrSignature
{
    /// <summary>The sections that are measured, in the order of systemd-stub.</summary>
    private static readonly string[] s_order =
    [
        ".linux",
        ".osrel",
        ".cmdline",
        ".initrd",
        ".splash",
        ".uname",
        ".sbat",
        ".pcrpkey",
        ".profile",
    ];

    private static readonly (string Name, HashAlgorithmName Algorithm, ushort Tpm)[] s_banks =
    [
        ("sha256", HashAlgorithmName.SHA256, 11),
        ("sha384", HashAlgorithmName.SHA384, 12),
        ("sha512", HashAlgorithmName.SHA512, 13),
    ];

    public static HashAlgorithmName[] Algorithms => [.. s_banks.Select(b => b.Algorithm)];

    /// <summary>The JSON of the section.</summary>
    /// <param name="key">The PCR signing key.</param>
    /// <param name="sections">Section name to its content's hashes, one per bank.</param>
    public static byte[] Make(RSA key, IReadOnlyDictionary<string, byte[][]> sections)
    {
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(key.ExportRSAPublicKey()));
        var banks = new Dictionary<string, object>();
        for (var bank = 0; bank < s_banks.Length; bank++)
        {
            var policy = Policy(Pcr11(sections, bank), s_banks[bank].Tpm);
            var signature = key.SignData(policy, s_banks[bank].Algorithm, RSASignaturePadding.Pkcs1);
            banks[s_banks[bank].Name] = new[]
            {
                new
                {
                    pcrs = new[] { 11 },
                    pkfp = fingerprint,
                    pol = Convert.ToHexStringLower(policy),
                    sig = Convert.ToBase64String(signature),
                },
            };
        }

        return JsonSerializer.SerializeToUtf8Bytes(banks);
    }

    private static byte[] Pcr11(IReadOnlyDictionary<string, byte[][]> sections, int bank)
    {
        var algorithm = s_banks[bank].Algorithm;
        byte[] Hash(byte[] data) => CryptographicOperations.HashData(algorithm, data);
        var pcr = new byte[Hash([]).Length];
        void Extend(byte[] digest) => pcr = Hash([.. pcr, .. digest]);
        foreach (var name in s_order.Where(sections.ContainsKey))
        {
            Extend(Hash(Encoding.ASCII.GetBytes(name + '\0')));
            Extend(sections[name][bank]);
        }

        foreach (var phase in (string[])["enter-initrd", "leave-initrd", "enter-machined"])
            Extend(Hash(Encoding.ASCII.GetBytes(phase)));
        return pcr;
    }

    // TPM 2.0 Part 3, TPM2_PolicyPCR: H(zeros || TPM_CC_PolicyPCR || selection of PCR 11 || H(PCR)).
    private static byte[] Policy(byte[] pcr, ushort bankAlgorithm)
    {
        var text = new byte[32 + 4 + 10];
        BinaryPrimitives.WriteUInt32BigEndian(text.AsSpan(32), 0x17F);
        BinaryPrimitives.WriteUInt32BigEndian(text.AsSpan(36), 1);
        BinaryPrimitives.WriteUInt16BigEndian(text.AsSpan(40), bankAlgorithm);
        text[42] = 3;
        text[44] = 8;
        return SHA256.HashData([.. text, .. SHA256.HashData(pcr)]);
    }
}
