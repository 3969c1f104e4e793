using TalosTailscale.Core.Boot;

namespace TalosTailscale.Tests.Boot;

public class BootPredictorTests
{
    private const string Plain = "Talos-v1.12.4.efi";

    [Theory]
    // What upgrades leave behind: the plain name sorts above every ~N, and a higher version above a lower one.
    [InlineData("Talos-v1.12.4.efi", "talos-v1.12.4.efi")]
    [InlineData("Talos-v1.12.4.efi Talos-v1.12.4~1.efi", "talos-v1.12.4.efi talos-v1.12.4~1.efi")]
    [InlineData("Talos-v1.12.4~1.efi Talos-v1.12.4~2.efi", "talos-v1.12.4~2.efi talos-v1.12.4~1.efi")]
    [InlineData("Talos-v1.12.4~9.efi Talos-v1.12.4~10.efi", "talos-v1.12.4~10.efi talos-v1.12.4~9.efi")]
    [InlineData("Talos-v1.12.4.efi Talos-v1.13.0.efi", "talos-v1.13.0.efi talos-v1.12.4.efi")]
    [InlineData("Talos-v1.9.10.efi Talos-v1.10.0.efi", "talos-v1.10.0.efi talos-v1.9.10.efi")]
    [InlineData("Talos-v1.13.0-beta.0.efi Talos-v1.12.4.efi", "talos-v1.13.0-beta.0.efi talos-v1.12.4.efi")]
    // Boot counting: no tries left sorts last, whatever the version.
    [InlineData("Talos-v1.13.0+0-3.efi Talos-v1.12.4.efi", "talos-v1.12.4.efi talos-v1.13.0+0-3.efi")]
    [InlineData("Talos-v1.13.0+1-2.efi Talos-v1.12.4.efi", "talos-v1.13.0+1-2.efi talos-v1.12.4.efi")]
    [InlineData("Talos-v1.13.0+0.efi Talos-v1.12.4.efi", "talos-v1.12.4.efi talos-v1.13.0+0.efi")]
    [InlineData("Talos+0-x.efi", "talos+0-x.efi")]
    public void Order_follows_the_menu(string files, string expected)
    {
        BootPrediction prediction = BootPredictor.Predict(files.Split(' ').Select(f => Talos(f)), LoaderState.Empty);

        Assert.Equal(expected.Split(' '), prediction.Order.Select(e => e.Id));
        Assert.Equal(BootReason.FirstInOrder, prediction.Reason);
        Assert.Equal(expected.Split(' ')[0], prediction.Entry!.Id);
    }

    [Theory]
    [InlineData("Talos-v1.12.4.efi.bak.1763800000", BootHiddenReason.Suffix)]
    [InlineData("Talos-v1.12.4.efi.new-ab12", BootHiddenReason.Suffix)]
    [InlineData(".Talos-v1.12.4.efi", BootHiddenReason.LeadingDot)]
    [InlineData("AUTO-reboot.efi", BootHiddenReason.AutoPrefix)]
    public void Names_that_are_not_shown(string name, BootHiddenReason reason)
    {
        BootPrediction prediction = BootPredictor.Predict([Talos(name)], LoaderState.Empty);

        Assert.Null(prediction.Entry);
        Assert.Equal(BootReason.NoEntry, prediction.Reason);
        Assert.Equal(new BootHiddenFile(name, reason), Assert.Single(prediction.Hidden));
    }

    [Fact]
    public void Folders_and_files_without_os_release_are_not_shown()
    {
        BootPrediction prediction = BootPredictor.Predict(
            [
                new BootFile { Name = "folder.efi", IsDirectory = true },
                new BootFile { Name = "shell.efi" },
                new BootFile { Name = "nameless.efi", OsRelease = "VERSION_ID=v1\n" },
            ],
            LoaderState.Empty
        );

        Assert.Equal(
            [BootHiddenReason.Directory, BootHiddenReason.NoOsRelease, BootHiddenReason.NoOsRelease],
            prediction.Hidden.Select(h => h.Reason)
        );
    }

    // systemd 260: asked before the defaults, and entries that boot counting marked as bad are passed over.
    [Theory]
    // preferred variable, default variable, loader.conf, loader → id, reason, stale names
    [InlineData("talos-v1.12.4.efi", null, null, null, "talos-v1.12.4.efi", BootReason.PreferredVariable, "")]
    [InlineData("TALOS-v1.12*", null, null, null, "talos-v1.12.4.efi", BootReason.PreferredVariable, "")]
    [InlineData(
        "talos-v1.12.4.efi",
        "talos-v1.13.0+1-2.efi",
        null,
        "systemd-boot 261.2",
        "talos-v1.12.4.efi",
        BootReason.PreferredVariable,
        ""
    )]
    [InlineData(
        "talos-v1.12.4.efi",
        "talos-v1.13.0+1-2.efi",
        null,
        "systemd-boot 257.13",
        "talos-v1.13.0+1-2.efi",
        BootReason.DefaultVariable,
        ""
    )]
    [InlineData(
        "talos-v1.14.0*",
        "talos-v1.12.4.efi",
        null,
        "systemd-boot 260~rc1-1",
        "talos-v1.12.4.efi",
        BootReason.DefaultVariable,
        "LoaderEntryPreferred=talos-v1.14.0*"
    )]
    [InlineData(
        null,
        "talos-v1.14.0*",
        null,
        "systemd-boot 261.2",
        "talos-v1.14.0+0-3.efi",
        BootReason.DefaultVariable,
        ""
    )]
    [InlineData(
        null,
        "talos-v1.13.0+1-2.efi",
        "preferred talos-v1.12.4.efi\n",
        null,
        "talos-v1.12.4.efi",
        BootReason.LoaderConfPreferred,
        ""
    )]
    [InlineData(
        "gone.efi",
        null,
        "preferred talos-v1.12.4.efi\n",
        null,
        "talos-v1.12.4.efi",
        BootReason.LoaderConfPreferred,
        "LoaderEntryPreferred=gone.efi"
    )]
    [InlineData(null, null, null, null, "talos-v1.13.0+1-2.efi", BootReason.FirstInOrder, "")]
    public void A_preferred_entry_is_asked_for_before_the_default_and_passes_over_bad_ones(
        string? preferred,
        string? standard,
        string? conf,
        string? loader,
        string id,
        BootReason reason,
        string stale
    )
    {
        BootPrediction prediction = BootPredictor.Predict(
            [Talos("Talos-v1.14.0+0-3.efi"), Talos("Talos-v1.13.0+1-2.efi"), Talos("Talos-v1.12.4.efi")],
            new LoaderState
            {
                Preferred = preferred,
                Default = standard,
                LoaderConf = conf,
                Info = loader,
            }
        );

        Assert.Equal((id, reason), (prediction.Entry!.Id, prediction.Reason));
        Assert.Equal(stale, string.Join(' ', prediction.StaleNames));
    }

    [Theory]
    // one-shot, default variable, loader.conf → id, reason, stale names
    [InlineData(null, null, null, "talos-v1.13.0.efi", BootReason.FirstInOrder, "")]
    [InlineData(null, null, "timeout 10\n", "talos-v1.13.0.efi", BootReason.FirstInOrder, "")]
    [InlineData(null, null, "default talos-v1.12.4.efi\n", "talos-v1.12.4.efi", BootReason.LoaderConf, "")]
    [InlineData(null, null, "default\ttalos-v1.12.4*\r\n", "talos-v1.12.4.efi", BootReason.LoaderConf, "")]
    [InlineData(
        null,
        null,
        "# default x\ndefault TALOS-V1.12.4~1.EFI",
        "talos-v1.12.4~1.efi",
        BootReason.LoaderConf,
        ""
    )]
    [InlineData(null, null, "default \"talos-v1.12.4.efi\"", "talos-v1.12.4.efi", BootReason.LoaderConf, "")]
    [InlineData(null, null, "default a.efi\ndefault talos-v1.12.4.efi", "talos-v1.12.4.efi", BootReason.LoaderConf, "")]
    [InlineData(null, null, "default @special", "talos-v1.13.0.efi", BootReason.FirstInOrder, "")]
    [InlineData(null, "Talos-v1.12.4.efi", null, "talos-v1.12.4.efi", BootReason.DefaultVariable, "")]
    [InlineData(null, "Talos-v1.12.4.efi", "default talos-v1.13*", "talos-v1.12.4.efi", BootReason.DefaultVariable, "")]
    [InlineData(null, "talos-v1.12.4*", null, "talos-v1.12.4.efi", BootReason.DefaultVariable, "")]
    [InlineData(null, "talos-v1.12.[3-5]~?.efi", null, "talos-v1.12.4~1.efi", BootReason.DefaultVariable, "")]
    [InlineData(
        null,
        "Talos-v1.11.0.efi",
        null,
        "talos-v1.13.0.efi",
        BootReason.FirstInOrder,
        "LoaderEntryDefault=Talos-v1.11.0.efi"
    )]
    [InlineData(
        null,
        "Talos-v1.11.0.efi",
        "default talos-v1.12.4.efi",
        "talos-v1.12.4.efi",
        BootReason.LoaderConf,
        "LoaderEntryDefault=Talos-v1.11.0.efi"
    )]
    [InlineData(
        "talos-v1.12.4~1.efi",
        "Talos-v1.12.4.efi",
        null,
        "talos-v1.12.4~1.efi",
        BootReason.OneShotVariable,
        ""
    )]
    [InlineData(
        "gone.efi",
        "Talos-v1.12.4.efi",
        null,
        "talos-v1.12.4.efi",
        BootReason.DefaultVariable,
        "LoaderEntryOneShot=gone.efi"
    )]
    [InlineData("", "", null, "talos-v1.13.0.efi", BootReason.FirstInOrder, "")]
    [InlineData(null, "@saved", null, "talos-v1.12.4.efi", BootReason.LastBooted, "")]
    [InlineData(null, "@SAVED", "default talos-v1.13*", "talos-v1.12.4.efi", BootReason.LastBooted, "")]
    [InlineData(null, null, "default @saved", "talos-v1.12.4.efi", BootReason.LastBooted, "")]
    public void Choice_and_reason(
        string? oneShot,
        string? byVariable,
        string? conf,
        string id,
        BootReason reason,
        string stale
    )
    {
        var state = new LoaderState
        {
            OneShot = oneShot,
            Default = byVariable,
            LoaderConf = conf,
            LastBooted = "talos-v1.12.4.efi",
        };
        BootPrediction prediction = BootPredictor.Predict(
            [Talos("Talos-v1.12.4~1.efi"), Talos(Plain), Talos("Talos-v1.13.0.efi")],
            state
        );

        Assert.Equal((id, reason), (prediction.Entry!.Id, prediction.Reason));
        Assert.Equal(stale, string.Join(' ', prediction.StaleNames));
    }

    [Fact]
    public void Each_profile_is_an_entry_and_only_the_first_is_booted_unasked()
    {
        var iso = new BootFile
        {
            Name = Plain,
            OsRelease = Talos(Plain).OsRelease,
            Profiles = ["ID=main\n", "ID=reset\nTITLE=Reset system disk\n", "NOTE=x\n"],
        };

        BootPrediction unasked = BootPredictor.Predict([iso], LoaderState.Empty);
        BootPrediction asked = BootPredictor.Predict([iso], new LoaderState { Default = "Talos-v1.12.4.efi@Reset" });

        Assert.Equal(
            ["talos-v1.12.4.efi", "talos-v1.12.4.efi@reset", "talos-v1.12.4.efi@2"],
            unasked.Order.Select(e => e.Id)
        );
        Assert.Equal(
            ["Talos (v1.12.4)", "Talos (v1.12.4) (Reset system disk)", "Talos (v1.12.4) (Profile #3)"],
            unasked.Order.Select(e => e.Title)
        );
        Assert.Equal((0, 1), (unasked.Entry!.Profile, asked.Entry!.Profile));
    }

    [Fact]
    public void Sort_key_comes_before_version_and_missing_sort_key_last()
    {
        BootFile Os(string name, string text) => new() { Name = name, OsRelease = text };
        BootPrediction prediction = BootPredictor.Predict(
            [
                Os("z-none.efi", "NAME=None\nVERSION_ID=99\n"),
                Os("talos.efi", "ID=talos\nVERSION_ID=v1.12.4\n"),
                Os("debian.efi", "ID=debian\nVERSION_ID=1\n"),
                Os("image.efi", "ID=talos\nIMAGE_ID=aardvark\nIMAGE_VERSION=1\n"),
            ],
            LoaderState.Empty
        );

        Assert.Equal(["image.efi", "debian.efi", "talos.efi", "z-none.efi"], prediction.Order.Select(e => e.Id));
    }

    [Theory]
    // The list of the UAPI.10 Version Format specification, oldest first.
    [InlineData(
        "~ ~rc1 11~rc1 11 122.1 123~rc1-1 123 123-a 123-a.1 123-1 123-1.1 123^post1 123.a-1 123.1-1 123a-1 124-1"
    )]
    [InlineData("v1.9.0 v1.10.0 v1.10.0-alpha.1 v1.12.4~1 v1.12.4~2 v1.12.4 v1.13.0")]
    public void Versions_are_ordered_as_specified(string oldestFirst)
    {
        string[] versions = oldestFirst.Split(' ');
        for (int i = 0; i < versions.Length; i++)
        {
            for (int k = 0; k < versions.Length; k++)
                Assert.Equal(i.CompareTo(k), Math.Sign(BootVersionComparer.Instance.Compare(versions[i], versions[k])));
        }
    }

    [Theory]
    [InlineData("123_a", "123a", 0)]
    [InlineData("00123", "123", 0)]
    [InlineData("1", "", 1)]
    [InlineData(null, "", 0)]
    [InlineData("", "~", 1)]
    [InlineData("_", "", 0)]
    public void Version_corner_cases(string? a, string? b, int expected) =>
        Assert.Equal(expected, Math.Sign(BootVersionComparer.Instance.Compare(a, b)));

    [Theory]
    [InlineData("", "", true)]
    [InlineData("*", "", true)]
    [InlineData("a*c", "abbbc", true)]
    [InlineData("a*c", "abbbcd", false)]
    [InlineData("*.efi", "talos.efi", true)]
    [InlineData("t?los*", "talos-v1.efi", true)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[a-c-f]", "e", false)]
    [InlineData("[a-c-f]", "-", true)]
    [InlineData("[]]", "]", true)]
    [InlineData("[abc", "a", false)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "x", false)]
    [InlineData("a\\", "a", false)]
    [InlineData("**a**b**", "xxaxxbxx", true)]
    public void Patterns(string pattern, string id, bool expected) =>
        Assert.Equal(expected, BootGlob.IsMatch(pattern, id));

    private static BootFile Talos(string name)
    {
        int start = name.IndexOf('v', StringComparison.Ordinal);
        int end = start < 0 ? -1 : name.IndexOfAny(['~', '+'], start);
        int efi = name.IndexOf(".efi", StringComparison.OrdinalIgnoreCase);
        string version = start < 0 ? "v1.12.4" : name[start..(end < 0 ? efi : end)];
        return new BootFile
        {
            Name = name,
            OsRelease = $"NAME=\"Talos\"\nID=talos\nVERSION_ID={version}\nPRETTY_NAME=\"Talos ({version})\"\n",
        };
    }
}
