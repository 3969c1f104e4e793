using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>
/// The fields of a schematic (siderolabs/image-factory, <c>pkg/schematic/schematic.go</c>); what is empty is left out of
/// the canonical text.
/// </summary>
internal sealed record SchematicDocument
{
    public string Owner { get; init; } = "";

    public string OverlayImage { get; init; } = "";

    public string OverlayName { get; init; } = "";

    public YamlMapping? OverlayOptions { get; init; }

    public string EmbeddedMachineConfiguration { get; init; } = "";

    public IReadOnlyList<string> ExtraKernelArgs { get; init; } = [];

    public IReadOnlyList<(byte Key, string Value)> Meta { get; init; } = [];

    public IReadOnlyList<string> OfficialExtensions { get; init; } = [];

    public string Bootloader { get; init; } = "";

    public string EnrollKeys { get; init; } = "";

    public bool IncludeWellKnownCertificates { get; init; }

    public ulong SectorSize { get; init; }
}
