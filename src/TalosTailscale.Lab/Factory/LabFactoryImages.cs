using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Lab.Factory;

/// <summary>Builds the images of the lab's factory, each once, into files.</summary>
internal sealed partial class LabFactoryImages(
    string folder,
    LabFactoryFaults faults,
    Func<long> size,
    TimeProvider clock
)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _built = new();

    /// <summary>The file of an image, built when it is not there.</summary>
    /// <returns>Null when the factory has no such kind of image.</returns>
    public Task<string>? Find(LabSchematic schematic, string version, string name, CancellationToken stopping)
    {
        if (Specification(schematic, version, name) is not var (spec, iso))
            return null;
        // What is wrong with an image is part of its key: a fault switched off gives the right image again.
        var key =
            $"{schematic.Id}-{spec.Version}-{name}-{spec.Architecture}-{spec.Kind}-{spec.Extensions.Count}-{spec.Size}-{spec.Keys?.Name}";
        return _built.GetOrAdd(key, k => new(() => Task.Run(() => BuildAsync(spec, iso, k, stopping), stopping))).Value;
    }

    private (LabUkiSpec Spec, bool Iso)? Specification(LabSchematic schematic, string version, string name)
    {
        var match = Name().Match(name);
        if (!match.Success)
            return null;
        var iso = match.Groups["kind"].Value == ".iso";
        var arm = match.Groups["arch"].Value == "arm64" != faults.OtherArchitecture;
        return (
            new LabUkiSpec
            {
                Version = faults.OtherVersion ?? version,
                Architecture = arm ? TalosArchitecture.Arm64 : TalosArchitecture.Amd64,
                SecureBoot = match.Groups["secure"].Success,
                Kind = iso || faults.IsoUki ? LabUkiKind.Iso : LabUkiKind.Installed,
                Extensions = faults.ForgetsExtensions ? [] : [.. schematic.Extensions.Select(LabLayer.Official)],
                SchematicYaml = schematic.Yaml,
                ExtraKernelArgs = schematic.ExtraKernelArgs,
                Size = size(),
                Keys = faults.OtherSigner ? LabSigningKeys.Other : null,
            },
            iso
        );
    }

    private async Task<string> BuildAsync(LabUkiSpec spec, bool iso, string key, CancellationToken stopping)
    {
        if (faults.BuildTime > TimeSpan.Zero)
            await Task.Delay(faults.BuildTime, clock, stopping);
        var path = Path.Combine(Directory.CreateDirectory(folder).FullName, key);
        await using var file = File.Create(path);
        if (iso)
            LabImages.WriteIso(spec, file);
        else
            LabImages.WriteUki(spec, file);
        return path;
    }

    [GeneratedRegex(@"^metal-(?<arch>amd64|arm64)(?<secure>-secureboot)?(?<kind>-uki\.efi|\.iso)$")]
    private static partial Regex Name();
}
