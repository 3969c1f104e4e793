using System.Buffers.Binary;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Pe;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>Images signed by sbsign and osslsigncode in all the ways they offer, and what may become of one.</summary>
internal sealed class SignatureSet(TemporaryFolder folder)
{
    private static readonly (string Name, string[] NewKey)[] s_keys =
    [
        ("rsa2048", ["-newkey", "rsa:2048"]),
        ("rsa4096", ["-newkey", "rsa:4096"]),
        ("p256", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ("p384", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    ];

    public static IEnumerable<string> Keys => s_keys.Select(k => k.Name);

    /// <summary>The files, each with the key that signed it first.</summary>
    public List<(string Name, string Key)> Files { get; } = [];

    public string CertificateOf(string key) => folder[key + ".pem"];

    public async Task MakeAsync()
    {
        folder.Write("plain.efi", LabImages.Uki(new LabUkiSpec { Size = 100_000 }));
        foreach (var (key, newKey) in s_keys)
        {
            string[] request =
            [
                "req",
                "-x509",
                "-nodes",
                "-days",
                "3650",
                "-subj",
                $"/CN={key}",
                "-keyout",
                folder[key + ".key"],
                "-out",
                CertificateOf(key),
                .. newKey,
            ];
            await Tool.RunAsync("openssl", request);
        }

        foreach (var (key, _) in s_keys)
        {
            await SbsignAsync(key, "plain", "sbsign-" + key);
            foreach (var hash in (string[])["sha256", "sha384", "sha512"])
                await OsslsignAsync(key, hash, "plain", $"{hash}-{key}");
        }

        await OsslsignAsync("p256", "sha384", "sha256-rsa2048", "nested", "-nest");
        Files[^1] = ("nested", "rsa2048");
        await SbsignAsync("rsa4096", "sbsign-rsa2048", "double");
        Files[^1] = ("double", "rsa2048");
        await SbsignAsync("p256", "sbsign-rsa2048", "double-p256");
        Files[^1] = ("double-p256", "rsa2048");
        await SbsignAsync("rsa2048", "double", "triple");
        foreach (var name in (string[])["sbsign-rsa2048", "sha384-p384", "double"])
            await ChangeAsync(name, Files.First(f => f.Name == name).Key);
    }

    private async Task ChangeAsync(string name, string key)
    {
        var good = await File.ReadAllBytesAsync(folder[name + ".efi"]);
        var pe = await PeImage.ReadAsync(new RandomReader(new MemoryStream(good), name), default);
        var table = (int)pe.Certificates.Offset;
        void Add(string how, byte[] bytes)
        {
            folder.Write($"{name}-{how}.efi", bytes);
            Files.Add(($"{name}-{how}", key));
        }

        byte[] With(Action<byte[]> change)
        {
            var copy = (byte[])good.Clone();
            change(copy);
            return copy;
        }

        void AddToSize(byte[] bytes, int by)
        {
            var size = bytes.AsSpan(pe.CertificateEntryOffset!.Value + 4);
            BinaryPrimitives.WriteInt32LittleEndian(size, BinaryPrimitives.ReadInt32LittleEndian(size) + by);
        }

        Add("padded-1", [.. good, 0]);
        Add("padded-8", [.. good, .. new byte[8]]);
        Add("padded-4096", [.. good, .. new byte[4096]]);
        Add("padded-in-table", With(b => AddToSize(b, 8)) is var grown ? [.. grown, .. new byte[8]] : []);
        Add("padded-16-in-table", With(b => AddToSize(b, 16)) is var more ? [.. more, .. new byte[16]] : []);
        Add("cut-8", good[..^8]);
        Add("cut-signature", good[..(table + 100)]);
        Add("cut-table", good[..table]);
        Add("size-8", With(b => AddToSize(b, -8)));
        Add("size-0", With(b => b.AsSpan(pe.CertificateEntryOffset!.Value + 4, 4).Clear()));
        Add("linux", With(b => b[pe.Find(".linux")!.RawOffset + 5] ^= 1));
        Add("checksum", With(b => b[pe.CheckSumOffset] ^= 1));
        Add("stub", With(b => b[70] ^= 1));
        Add("entry-long", With(b => b[table + 2] = 0x7F));
        Add("entry-short", With(b => BinaryPrimitives.WriteUInt32LittleEndian(b.AsSpan(table), 4)));
        Add("entry-type", With(b => b[table + 6] = 1));
        Add("asn1", With(b => b[table + 8] ^= 0xFF));
        Add("last-byte", With(b => b[BinaryPrimitives.ReadInt32LittleEndian(b.AsSpan(table)) + table - 20] ^= 1));
    }

    private async Task SbsignAsync(string key, string from, string to)
    {
        await Tool.RunAsync(
            "sbsign",
            "--key",
            folder[key + ".key"],
            "--cert",
            CertificateOf(key),
            "--output",
            folder[to + ".efi"],
            folder[from + ".efi"]
        );
        Files.Add((to, key));
    }

    private async Task OsslsignAsync(string key, string hash, string from, string to, params string[] more)
    {
        string[] arguments =
        [
            "sign",
            "-certs",
            CertificateOf(key),
            "-key",
            folder[key + ".key"],
            "-h",
            hash,
            "-in",
            folder[from + ".efi"],
            "-out",
            folder[to + ".efi"],
            .. more,
        ];
        await Tool.RunAsync("osslsigncode", arguments);
        Files.Add((to, key));
    }
}
