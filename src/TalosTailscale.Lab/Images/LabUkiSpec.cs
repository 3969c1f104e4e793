using System.Security.Cryptography;
using System.Text;

namespace TalosTailscale.Lab.Images;

/// <summary>What a unified kernel image of the lab shall be. The same description gives the same bytes.</summary>
public sealed record LabUkiSpec
{
    private readonly string? _schematicYaml;

    /// <summary>Talos version with its <c>v</c>.</summary>
    public string Version { get; init; } = "v1.12.4";

    /// <summary>Architecture of stub and kernel.</summary>
    public TalosArchitecture Architecture { get; init; } = TalosArchitecture.Arm64;

    /// <summary>For what it is built.</summary>
    public LabUkiKind Kind { get; init; }

    /// <summary>True: signed, with PCR signatures and <c>lockdown=confidentiality</c>.</summary>
    public bool SecureBoot { get; init; }

    /// <summary>The extensions, in their order.</summary>
    public IReadOnlyList<LabLayer> Extensions { get; init; } = [LabLayer.Tailscale];

    /// <summary>True: no layer at all, not even the schematic, as an image that no factory built.</summary>
    public bool Vanilla { get; init; }

    /// <summary>The canonical schematic; made from <see cref="Extensions"/> when not given.</summary>
    public string SchematicYaml
    {
        get => _schematicYaml ?? SchematicOf(Extensions);
        init => _schematicYaml = value;
    }

    /// <summary>SHA-256 of <see cref="SchematicYaml"/> in lower-case hex.</summary>
    public string SchematicId => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(SchematicYaml)));

    /// <summary>Kernel arguments of the schematic, appended; <c>-arg</c> takes a default away.</summary>
    public IReadOnlyList<string> ExtraKernelArgs { get; init; } = [];

    /// <summary>About how many bytes the image shall have; the kernel and the root file system fill it up.</summary>
    public long Size { get; init; } = 300_000;

    /// <summary>Keys for a Secure Boot image; null takes <see cref="LabSigningKeys.Factory"/>.</summary>
    public LabSigningKeys? Keys { get; init; }

    /// <summary>The name on the ESP and in the ISO: <c>Talos-v1.12.4.efi</c>.</summary>
    public string FileName => $"Talos-{Version}.efi";

    /// <summary>The release of the kernel.</summary>
    public string KernelRelease =>
        Version switch
        {
            "v1.12.4" => "6.18.9-talos",
            "v1.12.3" => "6.18.8-talos",
            _ => "6.12.57-talos",
        };

    /// <summary>The command line of the main profile, in the order of Talos's <c>pkg/machinery/kernel</c>.</summary>
    public string CommandLine
    {
        get
        {
            var arguments = new List<string> { "talos.platform=metal" };
            if (Architecture == TalosArchitecture.Arm64)
                arguments.Add("console=ttyAMA0");
            arguments.Add("console=tty0");
            if (Kind == LabUkiKind.Iso)
                arguments.Add("talos.halt_if_installed=1");
            arguments.AddRange([
                "init_on_alloc=1",
                "slab_nomerge",
                "pti=on",
                "consoleblank=0",
                "nvme_core.io_timeout=4294967295",
                "printk.devkmsg=on",
                "selinux=1",
                "module.sig_enforce=1",
            ]);
            if (SecureBoot)
                arguments.Add("lockdown=confidentiality");
            foreach (var extra in ExtraKernelArgs)
            {
                if (extra.StartsWith('-'))
                    arguments.RemoveAll(a => a == extra[1..] || a.Split('=')[0] == extra[1..]);
                else
                    arguments.Add(extra);
            }

            return string.Join(' ', arguments);
        }
    }

    /// <summary>The canonical schematic for a list of official extensions and nothing else.</summary>
    private static string SchematicOf(IReadOnlyList<LabLayer> extensions)
    {
        if (extensions.Count == 0)
            return "customization: {}\n";
        var yaml = new StringBuilder("customization:\n    systemExtensions:\n        officialExtensions:\n");
        foreach (var extension in extensions)
            yaml.Append("            - siderolabs/").Append(extension.Name).Append('\n');
        return yaml.ToString();
    }
}
