using System.IO.Compression;
using System.Text;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Pe;
using TalosTailscale.Lab.Images;
using ZstdSharp;

namespace TalosTailscale.Tests.Images.Fuzz;

/// <summary>Well-formed inputs: images that the lab makes, small ones made here, and the samples where they are there.</summary>
internal static class FuzzSeeds
{
    private static readonly LabUkiSpec s_plain = new() { Size = 120_000 };

    // Everything that a UKI has, with contents cut short: mutations in a kernel find nothing and cost time.
    private static readonly Lazy<IReadOnlyList<byte[]>> s_ukis = new(() => [.. s_wholeUkis!.Value.Select(Shrink)]);

    private static readonly Lazy<IReadOnlyList<byte[]>> s_wholeUkis = new(() =>
        [
            LabImages.Uki(s_plain),
            LabImages.Uki(s_plain with { Kind = LabUkiKind.Iso, SecureBoot = true }),
            .. Samples(
                "uki/iso-metal-arm64-secureboot-uki.efi",
                "uki/metal-amd64-ucode-uki.efi",
                "uki/metal-amd64-objcopy-v1.9.5-uki.efi"
            ),
        ]
    );

    private static readonly Lazy<IReadOnlyList<byte[]>> s_initrds = new(() =>
        [
            .. s_wholeUkis
                .Value.Concat(Samples("uki/metal-amd64-secureboot-xz-v1.7.7-uki.efi"))
                .Select(u => Section(u, ".initrd")),
            Cpio([("extensions.yaml", Yaml)]),
            [
                .. Zstd(Cpio([("0.sqsh", "x")])[..60]),
                .. Zstd(Cpio([("0.sqsh", "x")])[60..]),
                0,
                0,
                0,
                .. Zstd(Cpio([("extensions.yaml", Yaml)])),
            ],
            Gzip(Cpio([("extensions.yaml", Yaml)])),
        ]
    );

    private static readonly Lazy<IReadOnlyList<byte[]>> s_isos = new(() =>
        [
            Iso(),
            .. Samples(
                "iso/metal-arm64-secureboot.iso.gz",
                "iso/joliet-rock.iso.gz",
                "iso/joliet-norock.iso.gz",
                "iso/norock-level1.iso.gz",
                "iso/multi-extent.iso.gz",
                "iso/metal-amd64-hybrid.iso.gz"
            ),
        ]
    );

    private static readonly Lazy<IReadOnlyList<byte[]>> s_fats = new(() =>
        [
            Esp(4 << 20),
            Esp(36 << 20),
            .. Samples("disk/esp-fat12.img.gz", "disk/esp-fat16.img.gz", "disk/esp-names.img.gz"),
        ]
    );

    private static readonly Lazy<IReadOnlyList<byte[]>> s_disks = new(() =>
        [Mbr(), .. Samples("disk/node-arm64.raw.gz", "disk/node-amd64-4kn.raw.gz").Select(d => d[..65536])]
    );

    public static IReadOnlyList<byte[]> Ukis => s_ukis.Value;

    public static IReadOnlyList<byte[]> Initrds => s_initrds.Value;

    public static IReadOnlyList<byte[]> Cpios { get; } =
    [
        Cpio([("extensions.yaml", Yaml)]),
        Cpio([("./kernel/x86/microcode/GenuineIntel.bin", "abcde"), ("a", ""), ("extensions.yaml", Yaml)]),
    ];

    public static IReadOnlyList<byte[]> ZstdFrames { get; } =
    [
        Zstd(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("The quick brown fox. ", 300)))),
        Zstd(Enumerable.Range(0, 3000).Select(i => (byte)(i * i * 31 / 7)).ToArray()),
        Zstd(new byte[300_000]),
    ];

    // One text in blocks with CRC-64, with CRC-32, with SHA-256 and without a check, as xz 5.4 writes it.
    public static IReadOnlyList<byte[]> XzFiles { get; } =
    [
        Convert.FromBase64String(
            "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AH/ADVdACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuzZuPtN5jtkpLC"
                + "wAAAAAAAAAcpXD6e4qpPAgAhARYAAAB0L+Wj4AH/ADVdADeeAAWiUkR/66MVbcVDLz+bqpFf4V51GABp44PQFVtTD/os4JHiT/nvs4f0Rgb"
                + "CraM7AAAAAAAAANkJsKgeEKQhAgAhARYAAAB0L+Wj4AFFADVdABAbCCfeWoKyjwOW6+3B9Y0C3yollATD0ah0tkbouJ9yPm4yAp/aC/eFD6"
                + "+slRQ6KpjU0AAAAAAAAOevqn/F/kLJAANRgARRgARRxgIAAfPJ7BQXOzADAAAAAARZWg=="
        ),
        Convert.FromBase64String(
            "/Td6WFoAAAFpIt42AgAhAQwAAACPmEGc4AVFADpdACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuzZuPtN5jtkq3V"
                + "J0UIGqsyPgAAAAAr8R9nAAFSxgoAAAA+gPuLPjANiwIAAAAAAVla"
        ),
        Convert.FromBase64String(
            "/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4AVFADpdACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuzZuPtN5jtkq3V"
                + "J0UIGqsyPgAAAACrQmwY3mejaOsNEAYoFWU31JHPwEHcNCG7yryBEyV9xwABbsYKAAAA6EdD+Lbp3xwCAAAAAApZWg=="
        ),
        Convert.FromBase64String(
            "/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4AVFADpdACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuzZuPtN5jtkq3V"
                + "J0UIGqsyPgAAAAAAAU7GCgAAAN5C7/+oAAr8AgAAAAAAWVo="
        ),
    ];

    public static IReadOnlyList<byte[]> Yamls { get; } = [Encoding.UTF8.GetBytes(Yaml)];

    public static IReadOnlyList<byte[]> Texts { get; } =
    [Encoding.UTF8.GetBytes("NAME=\"Talos\"\nID=talos\nVERSION_ID=v1.12.4\nPRETTY_NAME='Talos (v1.12.4)'\n# x\n")];

    public static IReadOnlyList<byte[]> Schematics { get; } =
    [
        "customization:\n    systemExtensions:\n        officialExtensions:\n            - siderolabs/tailscale\n            - siderolabs/nut-client\n"u8.ToArray(),
        "{\"customization\": {\"extraKernelArgs\": [\"-console\", \"console=tty0\", 'a: b'], \"meta\": [{\"key\": 10, \"value\": '{\"a\": 1}'}]}}\n"u8.ToArray(),
        "overlay:\n  image: siderolabs/sbc-raspberrypi\n  name: rpi_generic\n  options:\n    data: \"x\"\ncustomization:\n  secureboot: {includeWellKnownCertificates: true}\n"u8.ToArray(),
    ];

    public static IReadOnlyList<byte[]> Isos => s_isos.Value;

    public static IReadOnlyList<byte[]> Fats => s_fats.Value;

    public static IReadOnlyList<byte[]> Disks => s_disks.Value;

    /// <summary>Certificate tables: what the headers of signed images point to.</summary>
    public static IReadOnlyList<byte[]> Signed =>
        [.. s_wholeUkis.Value.Where(u => PeOf(u).Certificates.Length > 0).Select(SignedStub)];

    private static string Yaml =>
        """
            layers:
              - image: 0.sqsh
                metadata:
                  name: tailscale
                  version: 1.94.1
                  author: 'Sidero'
                  description: |
                    text
                  compatibility: { talos: { version: '>= v1.0.0' } }
              - image: 1.sqsh
                metadata: {name: schematic, version: abc, extraInfo: "customization: {}\n"}

            """;

    public static byte[] Cpio(IEnumerable<(string Name, string Content)> members)
    {
        using var archive = new MemoryStream();
        foreach (var (name, content) in members.Append(("TRAILER!!!", "")))
        {
            var bytes = Encoding.UTF8.GetBytes(content);
            archive.Write(
                Encoding.ASCII.GetBytes(
                    $"07070100000001000081A4000000000000000000000001000000000{bytes.Length:X7}"
                        + $"00000000000000000000000000000000{name.Length + 1:X8}00000000{name}\0"
                )
            );
            Pad(archive);
            archive.Write(bytes);
            Pad(archive);
        }

        return archive.ToArray();

        static void Pad(MemoryStream stream) => stream.Write(new byte[(4 - (stream.Length % 4)) % 4]);
    }

    public static byte[] Zstd(ReadOnlySpan<byte> bytes)
    {
        using var compressor = new Compressor(3);
        return compressor.Wrap(bytes).ToArray();
    }

    public static byte[] Section(byte[] uki, string name)
    {
        var section = PeOf(uki).Find(name)!;
        return uki.AsSpan((int)section.RawOffset, (int)section.ContentLength).ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    // The headers, and behind them the certificate table in place of the sections.
    private static byte[] SignedStub(byte[] uki)
    {
        var pe = PeOf(uki);
        byte[] stub =
        [
            .. uki.AsSpan(0, (int)pe.SizeOfHeaders),
            .. uki.AsSpan((int)pe.Certificates.Offset, (int)pe.Certificates.Length),
        ];
        BitConverter.TryWriteBytes(stub.AsSpan(pe.CertificateEntryOffset!.Value), pe.SizeOfHeaders);
        for (var i = 0; i < pe.Sections.Count; i++)
            stub.AsSpan(pe.SectionTableOffset + (i * 40) + 16, 8).Clear();
        return stub;
    }

    private static PeImage PeOf(byte[] uki) =>
        PeImage
            .ReadAsync(new RandomReader(new MemoryStream(uki), "seed"), CancellationToken.None)
            .GetAwaiter()
            .GetResult();

    /// <summary>One signature with a key whose arithmetic takes microseconds; the code is the same for every length.</summary>
    public static IReadOnlyList<byte[]> SignedShort =>
        [SignedStub(LabImages.Uki(s_plain with { SecureBoot = true, Keys = LabSigningKeys.Short }))];

    private static byte[] Shrink(byte[] uki)
    {
        var pe = PeOf(uki);
        var small = new MemoryStream();
        small.Write(uki.AsSpan(0, (int)pe.SizeOfHeaders));
        for (var i = 0; i < pe.Sections.Count; i++)
        {
            var section = pe.Sections[i];
            var content = uki.AsSpan((int)section.RawOffset, (int)section.ContentLength).ToArray();
            if (section.Name == ".initrd")
                content = Zstd(Cpio([("extensions.yaml", Yaml)]));
            else if (section.Name is ".linux" or ".text" or ".splash" or ".ucode" or ".rodata")
                content = content[..Math.Min(content.Length, 2048)];
            var offset = (uint)small.Position;
            small.Write(content);
            var raw = (uint)((content.Length + pe.FileAlignment - 1) / pe.FileAlignment * pe.FileAlignment);
            small.Write(new byte[raw - content.Length]);
            var row = pe.SectionTableOffset + (i * 40);
            foreach (var (at, value) in ((int, uint)[])[(8, (uint)content.Length), (16, raw), (20, offset)])
                BitConverter.TryWriteBytes(small.GetBuffer().AsSpan(row + at, 4), value);
        }

        if (pe.Certificates.Length > 0)
        {
            BitConverter.TryWriteBytes(
                small.GetBuffer().AsSpan(pe.CertificateEntryOffset!.Value, 4),
                (uint)small.Position
            );
            small.Write(uki.AsSpan((int)pe.Certificates.Offset, (int)pe.Certificates.Length));
        }

        return small.ToArray();
    }

    private static byte[] Iso()
    {
        using var iso = new MemoryStream();
        LabImages.WriteIso(s_plain, iso);
        return iso.ToArray();
    }

    private static byte[] Esp(long size)
    {
        using var esp = new MemoryStream();
        LabImages.WriteEsp(
            esp,
            new Dictionary<string, byte[]>
            {
                ["EFI/Linux/Talos-v1.12.4.efi"] = Ukis[0],
                ["EFI/Linux/Talos-v1.12.4~1.efi"] = Ukis[0],
                ["loader/loader.conf"] = "timeout 10\n"u8.ToArray(),
            },
            size
        );
        return esp.ToArray();
    }

    private static byte[] Mbr()
    {
        var disk = new byte[16384];
        byte[] rows =
        [
            0x80,
            0,
            0,
            0,
            0xEF,
            0,
            0,
            0,
            8,
            0,
            0,
            0,
            8,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0x05,
            0,
            0,
            0,
            16,
            0,
            0,
            0,
            16,
            0,
            0,
            0,
        ];
        byte[] logical =
        [
            0,
            0,
            0,
            0,
            0x0C,
            0,
            0,
            0,
            1,
            0,
            0,
            0,
            2,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0x05,
            0,
            0,
            0,
            4,
            0,
            0,
            0,
            4,
            0,
            0,
            0,
        ];
        rows.CopyTo(disk, 446);
        logical.CopyTo(disk, 8192 + 446);
        foreach (var at in (int[])[510, 8192 + 510])
            (disk[at], disk[at + 1]) = (0x55, 0xAA);
        return disk;
    }

    private static List<byte[]> Samples(params string[] names)
    {
        var found = new List<byte[]>();
        if (SampleFolder.Path is not { } folder)
            return found;
        foreach (var name in names)
        {
            using var stream = SampleFolder.Open(folder, name);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            found.Add(bytes);
        }

        return found;
    }
}
