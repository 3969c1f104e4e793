using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using TalosTailscale.Build;
using TalosTailscale.Build.Package;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Feel;

/// <summary>The package that users install: what is in it, what is not, and that it is always the same.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ts-pack-").FullName;

    [Fact]
    public void Two_packages_of_the_same_build_are_the_same_bytes()
    {
        string one = Pack("one").Package;
        string two = Pack("two").Package;
        Assert.Equal(File.ReadAllBytes(one), File.ReadAllBytes(two));
    }

    [Fact]
    public void It_holds_the_module_and_nothing_of_the_lab_or_the_tests()
    {
        using ZipArchive zip = ZipFile.OpenRead(Pack("contents").Package);
        string[] names = [.. zip.Entries.Select(entry => entry.FullName)];

        Assert.Contains("TalosTailscale.psd1", names);
        Assert.Contains("TalosTailscale.nuspec", names);
        Assert.Contains("module/bin/TalosTailscale.dll", names);
        Assert.Contains("en-US/TalosTailscale.dll-Help.xml", names);
        Assert.Contains("en-US/about_TalosTailscale.help.txt", names);
        foreach (
            string stranger in new[]
            {
                "Lab",
                "Tests",
                "xunit",
                "Rehearsal",
                "Benchmark",
                "System.Management.Automation",
                "PowerShellStandard",
                "devices/",
                ".deps.json",
            }
        )
            Assert.DoesNotContain(names, name => name.Contains(stranger, StringComparison.Ordinal));
    }

    [Fact]
    public void The_nuspec_says_what_the_manifest_says()
    {
        ModuleManifest manifest = ModuleManifest.Read(Repository.Manifest);
        using ZipArchive zip = ZipFile.OpenRead(Pack("nuspec").Package);
        using Stream stream = zip.GetEntry("TalosTailscale.nuspec")!.Open();
        XElement metadata = XDocument.Load(stream).Root!.Elements().Single();
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;

        Assert.Equal("TalosTailscale", Value("id"));
        Assert.Equal(manifest.Version, Value("version"));
        string[] tags = Value("tags").Split(' ');
        Assert.Contains("PSModule", tags);
        Assert.All(manifest.Cmdlets, cmdlet => Assert.Contains("PSCmdlet_" + cmdlet, tags));
    }

    [Fact]
    public void Every_dependency_is_in_the_bill_of_materials_and_in_the_notices()
    {
        string folder = Pack("bill").Folder;
        IReadOnlyList<LockedPackage> packages = LockFile.RuntimePackages(Repository.Root);
        using JsonDocument bill = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "sbom.cdx.json")));
        string notices = File.ReadAllText(Path.Combine(folder, "THIRD-PARTY-NOTICES.txt"));

        Assert.NotEmpty(packages);
        Assert.Equal("CycloneDX", bill.RootElement.GetProperty("bomFormat").GetString());
        Assert.Equal(
            packages.Select(package => $"pkg:nuget/{package.Id}@{package.Version}"),
            bill.RootElement.GetProperty("components")
                .EnumerateArray()
                .Select(component => component.GetProperty("purl").GetString())
        );
        Assert.All(bill.RootElement.GetProperty("components").EnumerateArray(), component =>
            Assert.NotEqual(0, component.GetProperty("licenses").GetArrayLength())
        );
        Assert.All(packages, package =>
            Assert.Contains($"{package.Id} {package.Version}", notices, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_stranger_among_the_assemblies_ends_the_packing()
    {
        string bin = Path.Combine(_folder, "bin");
        LabSession.CopyFolder(Path.Combine(Repository.Root, "module", "bin"), bin);
        File.WriteAllText(Path.Combine(bin, "TalosTailscale.Lab.dll"), "");

        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(() =>
            ModulePackage.Write(Repository.Root, bin, Path.Combine(_folder, "out"))
        );
        Assert.Contains("TalosTailscale.Lab.dll", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Machine_code_ships_beside_the_assembly_that_it_was_compiled_from()
    {
        string bin = BinWith("linux-arm64", "TalosTailscale.Core.dll", "TalosTailscale.Core.dll");
        using ZipArchive zip = ZipFile.OpenRead(
            ModulePackage.Write(Repository.Root, bin, Path.Combine(_folder, "out")).Package
        );

        Assert.NotNull(zip.GetEntry("module/bin/TalosTailscale.Core.dll"));
        Assert.NotNull(zip.GetEntry("module/bin/linux-arm64/TalosTailscale.Core.dll"));
    }

    [Theory]
    [InlineData("TalosTailscale.dll", "TalosTailscale.Core.dll")]
    [InlineData("TalosTailscale.dll", "Stranger.dll")]
    public void Machine_code_of_another_assembly_ends_the_packing(string compiled, string name)
    {
        string bin = BinWith("linux-arm64", compiled, name);

        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(() =>
            ModulePackage.Write(Repository.Root, bin, Path.Combine(_folder, "out"))
        );
        Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_manifest_takes_its_version_from_one_place()
    {
        XDocument properties = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props"));
        string version = properties.Descendants("Version").Single().Value;
        Assert.Equal(version, ModuleManifest.Read(Repository.Manifest).Version);
        Assert.Contains(
            $"## {version}",
            File.ReadAllText(Path.Combine(Repository.Root, "CHANGELOG.md")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_manifest_that_ships_has_the_notes_of_its_release()
    {
        string manifest = File.ReadAllText(Path.Combine(Pack("release").Folder, "TalosTailscale.psd1"));

        Assert.Contains("ReleaseNotes = '### Added", manifest, StringComparison.Ordinal);
        Assert.Equal(
            ModuleManifest.Read(Repository.Manifest) with
            {
                Tags = [],
                Cmdlets = [],
            },
            ModuleManifest.Read(Path.Combine(_folder, "release", "TalosTailscale", "0.1.0", "TalosTailscale.psd1")) with
            {
                Tags = [],
                Cmdlets = [],
            }
        );
    }

    [Theory]
    [InlineData("", null, null)]
    [InlineData(
        "https://forge.example/o/n/",
        "https://forge.example/o/n/blob/main/LICENSE",
        "https://forge.example/o/n/blob/main/docs/help/Get-TsNode.md"
    )]
    public void The_projects_address_comes_from_one_place(string uri, string? licence, string? page)
    {
        File.WriteAllText(
            Path.Combine(_folder, "Directory.Build.props"),
            $"<Project><PropertyGroup><ProjectUri>{uri}</ProjectUri></PropertyGroup></Project>"
        );

        ProjectAddress? address = ProjectAddress.Of(_folder);

        Assert.Equal(licence, address?.Licence.AbsoluteUri);
        Assert.Equal(page, address?.Page("Get-TsNode").AbsoluteUri);
        string manifest = new ReleaseData("it's new", address).In("@{\n    PSData = @{\n    }\n}\n");
        Assert.Contains("'it''s new'", manifest, StringComparison.Ordinal);
        Assert.Equal(licence is not null, manifest.Contains($"LicenseUri = '{licence}'", StringComparison.Ordinal));
        Assert.Equal(licence is not null, manifest.Contains("ProjectUri", StringComparison.Ordinal));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // IL stands in for machine code: what tells them from others is the same in both.
    private string BinWith(string system, string compiled, string name)
    {
        string bin = Path.Combine(_folder, "bin");
        LabSession.CopyFolder(Path.Combine(Repository.Root, "module", "bin"), bin);
        Directory.CreateDirectory(Path.Combine(bin, system));
        File.Copy(Path.Combine(bin, compiled), Path.Combine(bin, system, name), overwrite: true);
        return bin;
    }

    private (string Folder, string Package) Pack(string name) =>
        ModulePackage.Write(
            Repository.Root,
            Path.Combine(Repository.Root, "module", "bin"),
            Path.Combine(_folder, name)
        );
}
