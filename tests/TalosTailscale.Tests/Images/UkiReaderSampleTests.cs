using TalosTailscale.Core.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>What the reader says about each sample UKI against what objdump, sbverify, openssl, zstd and cpio say.</summary>
public sealed class UkiReaderSampleTests
{
    public static TheoryData<string> Ukis => Samples.Names("uki/");

    [Theory]
    [MemberData(nameof(Ukis))]
    public async Task Agrees_with_the_expected_facts(string name)
    {
        var facts = Samples.Facts(name);
        await using var stream = Samples.Open(name);

        var uki = await UkiReader.ReadAsync(
            stream,
            new UkiReadOptions { Path = Samples.PathOf(name), SectionHashes = true },
            TestContext.Current.CancellationToken
        );

        Assert.Equal(facts.Size, uki.Size);
        Assert.Equal(facts.Sha256, uki.Sha256);
        Assert.Equal(facts.Arch, uki.Architecture.ToString().ToLowerInvariant());
        Assert.Equal(facts.Version, uki.Version);
        Assert.Equal(facts.Uname, uki.KernelRelease);
        Assert.Equal(facts.Cmdline, uki.CommandLine);
        Assert.Equal(facts.HaltFlag, uki.HaltsIfInstalled);
        Assert.Equal(
            facts.Profiles,
            uki.Profiles.Select(p => new ProfileFacts(
                p.Id,
                p.Title,
                p.HasOwnCommandLine ? p.CommandLine : null,
                p.HasPcrSignature
            ))
        );
        Assert.Equal(facts.Extensions, uki.Extensions.Select(e => new ExtensionFacts(e.Name, e.Version!, e.Image)));
        Assert.Equal(facts.SchematicId, uki.SchematicId);
        Assert.Equal(facts.Schematic, uki.SchematicYaml);
        Assert.Equal(facts.Signed, uki.Signed);
        Assert.Equal(facts.Signed ? UkiSignatureStatus.Valid : UkiSignatureStatus.NotSigned, uki.SignatureStatus);
        Assert.Equal(facts.Signer, uki.Signer is null ? null : new SignerFacts(uki.Signer.Subject, uki.Signer.Sha256));
        Assert.Equal(
            facts.PcrPublicKeySha256,
            uki.PcrKeyFingerprint?.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant()
        );
        Assert.Equal(facts.Pcrsig, uki.HasPcrSignature);
        Assert.Equal(facts.Sections, uki.Sections.Select(s => new SectionFacts(s.Name, s.Size, s.Sha256!)));
    }

    [Theory]
    [MemberData(nameof(Ukis))]
    public async Task Tells_the_kind_from_the_artefact(string name)
    {
        await using var stream = Samples.Open(name);
        var options = new UkiReadOptions { Path = Samples.PathOf(name), Hash = false };

        var uki = await UkiReader.ReadAsync(stream, options, TestContext.Current.CancellationToken);

        var file = Path.GetFileName(name);
        Assert.Equal(
            file.StartsWith("iso-", StringComparison.Ordinal) ? UkiKind.InstallerIso
                : file.StartsWith("installer-", StringComparison.Ordinal) ? UkiKind.DiskImage
                : UkiKind.InstalledSystem,
            uki.Kind
        );
        Assert.Equal(
            file.Contains("secureboot", StringComparison.Ordinal) ? UkiVariant.SecureBoot : UkiVariant.Plain,
            uki.Variant
        );
        Assert.Null(uki.Sha256);
        Assert.Equal(file, uki.Name);
    }
}
