using System.Text.Json;
using System.Text.Json.Serialization;

namespace TalosTailscale.Tests.Images;

/// <summary>
/// Images made by xorriso, mtools, objcopy and sbsign, with facts told by other tools than ours. They lie beside the
/// checkout (../shared/testdata/images); where they are absent, the tests that need them say so and are skipped.
/// </summary>
internal static class Samples
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    };

    private static readonly Lazy<Dictionary<string, ImageFacts>> s_facts = new(LoadFacts);

    public static string Folder
    {
        get
        {
            if (SampleFolder.Path is null)
                Assert.Skip("the sample images (../shared/testdata/images) are not there");
            return SampleFolder.Path;
        }
    }

    /// <summary>Names under one folder; one row that says why when the samples are absent.</summary>
    public static TheoryData<string> Names(string under, string? except = null)
    {
        var rows = new TheoryData<string>();
        if (SampleFolder.Path is null)
            rows.Add("(absent)");
        else
            foreach (var name in Listed(under, except))
                rows.Add(name);
        return rows;
    }

    public static ImageFacts Facts(string name)
    {
        _ = Folder;
        return s_facts.Value[name];
    }

    public static string PathOf(string name) => Path.Combine(Folder, name);

    public static Stream Open(string name) => SampleFolder.Open(Folder, name);

    private static IEnumerable<string> Listed(string under, string? except) =>
        s_facts.Value.Keys.Where(k =>
            k.StartsWith(under, StringComparison.Ordinal)
            && (except is null || !k.Contains(except, StringComparison.Ordinal))
        );

    private static Dictionary<string, ImageFacts> LoadFacts()
    {
        using var file = File.OpenRead(Path.Combine(SampleFolder.Path!, "expected.json"));
        return JsonSerializer.Deserialize<ExpectedFile>(file, s_json)!.Images;
    }

    private sealed record ExpectedFile(Dictionary<string, ImageFacts> Images);
}

internal sealed record ImageFacts
{
    public required string Kind { get; init; }
    public long Size { get; init; }
    public string? Sha256 { get; init; }
    public string? Path { get; init; }
    public string? Arch { get; init; }
    public string? Version { get; init; }
    public string? Uname { get; init; }
    public string? Cmdline { get; init; }
    public bool HaltFlag { get; init; }
    public ProfileFacts[] Profiles { get; init; } = [];
    public ExtensionFacts[] Extensions { get; init; } = [];
    public string? SchematicId { get; init; }
    public string? Schematic { get; init; }
    public bool Signed { get; init; }
    public SignerFacts? Signer { get; init; }
    public ArchiveFacts[] Initrd { get; init; } = [];
    public string? PcrPublicKeySha256 { get; init; }
    public bool Pcrsig { get; init; }
    public SectionFacts[] Sections { get; init; } = [];
    public string? VolumeId { get; init; }
    public bool RockRidge { get; init; }
    public bool Joliet { get; init; }
    public FileFacts[] Files { get; init; } = [];
    public UkiFacts[] Ukis { get; init; } = [];
    public BootFacts[]? ElTorito { get; init; }
    public FatFacts? Fat { get; init; }
    public PartitionFacts[] Partitions { get; init; } = [];
    public int SectorSize { get; init; }
    public string? Type { get; init; }
    public string? Label { get; init; }
}

internal sealed record ProfileFacts(string Id, string? Title, string? Cmdline, bool Pcrsig);

internal sealed record ExtensionFacts(string Name, string Version, string? Image);

internal sealed record SignerFacts(string Subject, string Sha256);

internal sealed record ArchiveFacts(string Compression, string[] Files);

internal sealed record SectionFacts(string Name, long Size, string Sha256);

internal sealed record FileFacts(string Path, long Size, string Sha256);

internal sealed record BootFacts(int Index, string Platform, bool Bootable, string Emulation, int Sectors512, long Lba);

internal sealed record FatFacts
{
    public long Offset { get; init; }
    public required string Type { get; init; }
    public string? Label { get; init; }
    public int SectorSize { get; init; }
    public FileFacts[] Files { get; init; } = [];
    public UkiFacts[] Ukis { get; init; } = [];
}

internal sealed record PartitionFacts(int Number, string Name, string TypeGuid, string Guid, long Offset, long Size);

internal sealed record UkiFacts
{
    public required string Path { get; init; }
    public long Size { get; init; }
    public required string Sha256 { get; init; }
    public required string Arch { get; init; }
    public required string Version { get; init; }
    public required string Cmdline { get; init; }
    public bool HaltFlag { get; init; }
    public bool Signed { get; init; }
    public string? SchematicId { get; init; }
    public string[] Profiles { get; init; } = [];
    public ExtensionFacts[] Extensions { get; init; } = [];
    public string? SignerSha256 { get; init; }
    public string? PcrPublicKeySha256 { get; init; }
}
