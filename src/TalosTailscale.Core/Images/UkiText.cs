using System.Text;
using TalosTailscale.Core.Images.Pe;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images;

/// <summary>The text sections of a UKI, put in order: what is before the first <c>.profile</c> is the base.</summary>
internal sealed record UkiText
{
    /// <summary>No text section of a real UKI comes near.</summary>
    public const int MaxText = 64 * 1024;

    // What makes systemd-boot list it, and what there is to boot; all else may be missing (UAPI.5).
    private static readonly string[] s_required = [".linux", ".osrel"];

    public string? OsId { get; init; }

    public string? Version { get; init; }

    public string? KernelRelease { get; init; }

    /// <summary>As the kernel gets it: for decisions. People get <see cref="KernelCommandLine.Printable"/>.</summary>
    public required string CommandLine { get; init; }

    public bool HasPcrSignature { get; init; }

    public IReadOnlyList<UkiProfile> Profiles { get; init; } = [];

    /// <summary>Whether the entry that boots by default stops an installed system: that is the first profile.</summary>
    public bool Halts =>
        KernelCommandLine.Halts(CommandLine)
        || (Profiles.Count > 0 && KernelCommandLine.Halts(Profiles[0].CommandLine));

    /// <summary>
    /// Whether it is the UKI of an installer ISO. Its entry that wipes the disk is called "reset", that of the installer
    /// and of disk images "reset-maintenance" (siderolabs/talos, pkg/imager/out.go).
    /// </summary>
    public bool IsForInstaller => Halts || Profiles.Any(p => p.Id == "reset");

    /// <summary>The sections that a UKI must have and this program does not.</summary>
    public static IReadOnlyList<string> MissingIn(PeImage image) => [.. s_required.Where(n => image.Find(n) is null)];

    public static async Task<UkiText> ReadAsync(RandomReader file, PeImage image, CancellationToken cancellationToken)
    {
        var missing = MissingIn(image);
        if (missing.Count > 0)
        {
            throw ImageErrors.NotAUki.New(
                $"'{file.Name}' is not a unified kernel image: it has no section {string.Join(", ", missing)}.",
                file.Name
            );
        }

        async ValueTask<string> Read(PeSection section) =>
            Utf8(await ReadSectionAsync(file, section, MaxText, cancellationToken).ConfigureAwait(false)).Trim();
        async ValueTask<string> ReadCommandLine(PeSection section) =>
            StubText.Read(await ReadSectionAsync(file, section, MaxText, cancellationToken).ConfigureAwait(false));

        var release = OsRelease.Parse(await Read(image.Find(".osrel")!).ConfigureAwait(false));
        var profiles = new List<UkiProfile>();
        string? commandLine = null,
            kernel = null;
        var pcrSignature = false;
        foreach (var section in image.Sections)
        {
            var inProfile = profiles.Count > 0;
            switch (section.Name)
            {
                case ".profile":
                    var values = OsRelease.Parse(await Read(section).ConfigureAwait(false));
                    profiles.Add(
                        new UkiProfile
                        {
                            Id = values.GetValueOrDefault("ID") ?? "",
                            Title = values.GetValueOrDefault("TITLE"),
                            CommandLine = commandLine ?? "",
                        }
                    );
                    break;
                case ".cmdline" when inProfile:
                    var own = await ReadCommandLine(section).ConfigureAwait(false);
                    profiles[^1] = profiles[^1] with { CommandLine = own, HasOwnCommandLine = true };
                    break;
                case ".cmdline":
                    commandLine ??= await ReadCommandLine(section).ConfigureAwait(false);
                    break;
                case ".pcrsig" when inProfile:
                    profiles[^1] = profiles[^1] with { HasPcrSignature = true };
                    break;
                case ".pcrsig":
                    pcrSignature = true;
                    break;
                case ".uname" when !inProfile:
                    kernel ??= PrintableText.Line(await Read(section).ConfigureAwait(false));
                    break;
            }
        }

        return new UkiText
        {
            OsId = release.GetValueOrDefault("ID"),
            Version = release.GetValueOrDefault("VERSION_ID"),
            KernelRelease = kernel,
            CommandLine = commandLine ?? "",
            HasPcrSignature = pcrSignature || profiles is [{ HasPcrSignature: true }, ..],
            Profiles = profiles,
        };
    }

    /// <summary>The text of a section up to the first zero byte, as it stands there: not fit for a terminal.</summary>
    public static string Utf8(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    public static async ValueTask<byte[]> ReadSectionAsync(
        RandomReader file,
        PeSection section,
        int limit,
        CancellationToken cancellationToken
    )
    {
        if (section.ContentLength > limit)
        {
            throw ImageErrors.UkiSectionTooLarge.New(
                $"'{file.Name}' has a section '{section.Name}' of {section.ContentLength} bytes; at most {limit} are expected.",
                file.Name
            );
        }

        return await file.ReadAsync(
                section.RawOffset,
                (int)section.ContentLength,
                $"the section '{section.Name}'",
                cancellationToken
            )
            .ConfigureAwait(false);
    }
}
