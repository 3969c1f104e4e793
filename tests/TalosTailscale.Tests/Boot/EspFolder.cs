using System.Security.Cryptography;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Boot;

/// <summary>A folder that stands for the EFI system partition of an arm64 node, with one Talos image on it.</summary>
internal sealed class EspFolder : IDisposable
{
    public const string Entry = "Talos-v1.12.4.efi";

    private static readonly Lazy<byte[]> s_old = new(() =>
        LabImages.Uki(new LabUkiSpec { Vanilla = true, Size = 300_000 })
    );
    private static readonly Lazy<byte[]> s_new = new(() => LabImages.Uki(new LabUkiSpec { Size = 400_000 }));
    private readonly string _root = Directory.CreateTempSubdirectory("ts-esp-").FullName;

    public EspFolder()
    {
        Directory.CreateDirectory(Linux);
        Directory.CreateDirectory(Path.Combine(Root, "loader"));
        File.WriteAllText(Path.Combine(Root, "loader", "loader.conf"), "timeout 10\n");
        File.WriteAllBytes(Path.Combine(Linux, Entry), Old);
    }

    public static byte[] Old => s_old.Value;

    public static byte[] New => s_new.Value;

    public string Root => Path.Combine(_root, "esp");

    public string Linux => Path.Combine(Root, "EFI", "Linux");

    /// <summary>What the gates of a swap want to see of the node.</summary>
    public static SwapNodeFacts Facts =>
        new()
        {
            Node = "ampone",
            Architecture = TalosArchitecture.Arm64,
            TalosVersion = "v1.12.4",
            Stage = "running",
            BootedWithUki = true,
            SecureBoot = false,
            PcrKeyFingerprint = "",
            BootedEntry = "talos-v1.12.4.efi",
            KernelCommandLine = "talos.platform=metal console=ttyAMA0",
            Variables = new LoaderState { Default = Entry },
            Extensions = Fact.Of<IReadOnlyList<string>>([]),
            SealedVolumes = Fact.Of<IReadOnlyList<string>>([]),
            ServiceConfigActive = true,
            ServiceConfigPersistent = true,
            NodeSubnets = true,
            LansInTailnetRange = Fact.Of<IReadOnlyList<string>>([]),
            LeavesLan = false,
            IsControlPlane = false,
            BootId = "0b007000-0000-4000-8000-000000000001",
        };

    public static async Task<UkiSwapSource> SourceAsync(byte[] image, string name = Entry)
    {
        UkiInfo uki = await UkiReader.ReadAsync(
            new MemoryStream(image),
            new UkiReadOptions { Path = "/images/" + name },
            TestContext.Current.CancellationToken
        );
        return new UkiSwapSource(uki, _ => Task.FromResult<Stream>(new MemoryStream(image, writable: false)));
    }

    /// <summary>Every file with its hash, to tell whether anything changed.</summary>
    public SortedDictionary<string, string> Contents()
    {
        var contents = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories))
            contents[Path.GetRelativePath(Root, path)] = Hash(File.ReadAllBytes(path));
        return contents;
    }

    public static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Linux, name));

    public void Write(string name, byte[] bytes) => File.WriteAllBytes(Path.Combine(Linux, name), bytes);

    public string[] Names() =>
        [.. Directory.GetFiles(Linux).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
