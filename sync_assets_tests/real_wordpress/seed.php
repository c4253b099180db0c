<?php
/** A site's content, the same every time: ordinary by the thousand, and one of each hostile kind. */

const WORDS = ['receita', 'inverno', 'praça', 'música', 'teatro', 'notícia', 'bairro', 'ciência'];
const IMAGE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const HUGE_BYTES = 1000000;

/** Every shape that real sites gave. Null is an object whose fields were never saved. */
const ACF_SHAPES = [
    null,
    ['preco' => 10, 'galeria' => [3, 2, 1], 'relacionado' => null, 'subtitulo' => '', 'opcoes' => []],
    ['destaque' => false, 'cta' => ['texto' => 'Ver mais', 'url' => '', 'alvo' => null]],
    ['blocos' => [['tipo' => 'texto', 'itens' => []], ['tipo' => 'foto', 'imagem' => false]]],
    [],
    ['rotulos' => ['', false, 'novo', null], 'peso' => 1.5, 'emoji' => '🎭', 'barra' => 'a\\b "c" é'],
    false,
    ['fundo' => ['fundo' => ['fundo' => ['valor' => '', 'lista' => [['nada' => []]]]]]],
];

/** Makes the content; `$a` has how many of each. Gives the ids by kind, `hostile` by name. */
function seed(array $a): array
{
    global $wpdb;
    wp_defer_term_counting(true);
    wp_suspend_cache_invalidation(true);
    $wpdb->query('START TRANSACTION');
    $ids = ['categories' => seed_terms('category', $a['categories']),
            'tags' => seed_terms('post_tag', $a['tags']),
            'generos' => seed_terms('genero', $a['generos'])];
    $ids['pages'] = seed_pages($a['pages']);
    $ids['posts'] = seed_posts('post', $a['posts'], ['category' => $ids['categories'], 'post_tag' => $ids['tags']]);
    $ids['eventos'] = seed_posts('eventos', $a['eventos'], ['genero' => $ids['generos']]);
    $ids['media'] = seed_media($a['media'], $ids['posts']);
    foreach ($ids['posts'] as $i => $id) {
        if ($ids['media'] && $i % 3 === 0) {
            update_post_meta($id, '_thumbnail_id', $ids['media'][$i % count($ids['media'])]);
        }
    }
    update_option('sticky_posts', array_slice($ids['posts'], 10, 3));
    wp_suspend_cache_invalidation(false);
    $ids['hostile'] = $a['hostile'] ? seed_hostile() : (object) [];
    $wpdb->query('COMMIT');
    wp_defer_term_counting(false);
    foreach (['category', 'post_tag', 'genero'] as $taxonomy) {
        delete_option("{$taxonomy}_children");
    }
    return $ids;
}

function word(int $i): string
{
    return WORDS[$i % count(WORDS)];
}

function shape(int $i)
{
    return ACF_SHAPES[$i % count(ACF_SHAPES)];
}

/** Local times of working hours: those of a clock change would not survive WordPress's own REST API. */
function day(int $i, int $count): string
{
    $first = strtotime('2016-01-04');
    $step = max(1, intdiv(3500, max(1, $count)));
    $hour = 9 + $i % 9;
    return gmdate('Y-m-d', $first + $i * $step * DAY_IN_SECONDS) . sprintf(' %02d:%02d:%02d', $hour, $i % 60, $i % 47);
}

function seed_terms(string $taxonomy, int $count): array
{
    $ids = [];
    for ($i = 0; $i < $count; $i++) {
        // A tree three levels deep, where the taxonomy has one.
        $child = $i % 3 !== 0 && is_taxonomy_hierarchical($taxonomy);
        $ids[] = $id = made(wp_insert_term(ucfirst(word($i)) . " & cia $i", $taxonomy, [
            'parent' => $child ? $ids[$i - 1] : 0,
            'description' => $i % 2 ? "Sobre \"$i\"\ncom <b>linhas</b>" : '',
        ]))['term_id'];
        keep_acf('term', $id, shape($i));
    }
    return $ids;
}

function keep_acf(string $meta, int $id, $fields): void
{
    if ($fields !== null) {
        update_metadata($meta, $id, 'acf', wp_slash(json_encode($fields)));
    }
}

function text(int $i): string
{
    $paragraph = "<!-- wp:paragraph -->\n<p>" . str_repeat(word($i) . ' à vista; ', 12) . "“$i”</p>\n<!-- /wp:paragraph -->\n\n";
    return str_repeat($paragraph, 4 + $i % 20);
}

function seed_pages(int $count): array
{
    $ids = [];
    for ($i = 0; $i < $count; $i++) {
        $ids[] = $id = made(wp_insert_post(wp_slash([
            'post_type' => 'page', 'post_title' => 'Página ' . word($i) . " $i", 'post_content' => text($i),
            'post_status' => $i % 8 === 7 ? 'draft' : 'publish', 'post_date' => day($i, $count),
            'post_parent' => $i % 4 ? $ids[$i - 1] : 0, 'menu_order' => $i % 5 - 1,
        ]), true));
        keep_acf('post', $id, shape($i));
        if ($i % 6 === 0) {
            update_post_meta($id, '_wp_page_template', $i % 12 ? 'default' : 'templates/larga.php');
        }
    }
    return $ids;
}

/** Of every 20 posts: a draft, a private, a pending one, one with a password, one in the trash. */
function seed_posts(string $type, int $count, array $terms): array
{
    $statuses = [3 => 'draft', 7 => 'private', 11 => 'pending'];
    $ids = [];
    for ($i = 0; $i < $count; $i++) {
        $future = $i % 100 === 19; // Also modified in the future, as an importer leaves it.
        $ids[] = $id = made(wp_insert_post(wp_slash([
            'post_type' => $type, 'post_title' => ucfirst(word($i)) . " <em>nº</em> $i & mais",
            'post_content' => text($i), 'post_excerpt' => $i % 2 ? "Resumo $i" : '',
            'post_status' => $statuses[$i % 20] ?? ($future ? 'future' : 'publish'),
            'post_date' => $future ? '2040-05-05 10:00:00' : day($i, $count),
            'post_password' => $i % 20 === 15 ? 'segredo' : '',
        ]), true));
        foreach ($terms as $taxonomy => $of) {
            if ($of && $i % 5) {
                wp_set_object_terms($id, [$of[$i % count($of)], $of[($i * 7 + 1) % count($of)]], $taxonomy);
            }
        }
        keep_acf('post', $id, shape($i));
        if ($i % 20 === 17) {
            made(wp_trash_post($id));
        }
    }
    return $ids;
}

function seed_media(int $count, array $posts): array
{
    $ids = [];
    for ($i = 0; $i < $count; $i++) {
        $ids[] = $id = add_media([
            'title' => "Foto $i", 'caption' => $i % 2 ? "Legenda <i>$i</i>" : '', 'alt_text' => $i % 3 ? "Descrição $i" : '',
            'parent' => $posts && $i % 2 ? $posts[$i % count($posts)] : 0, 'file' => $i % 10 !== 9,
        ]);
        keep_acf('post', $id, shape($i));
    }
    return $ids;
}

/** An attachment with an image of one pixel, or one whose file and details are missing. */
function add_media(array $a): int
{
    $row = ['post_title' => $a['title'], 'post_excerpt' => $a['caption'], 'post_mime_type' => 'image/png', 'post_status' => 'inherit'];
    $id = made(wp_insert_attachment(wp_slash($row), false, $a['parent'], true));
    if ($a['alt_text'] !== '') {
        update_post_meta($id, '_wp_attachment_image_alt', wp_slash($a['alt_text']));
    }
    if ($a['file']) {
        $file = made(wp_upload_bits("foto-$id.png", null, base64_decode(IMAGE)));
        update_attached_file($id, $file['file']);
        wp_update_attachment_metadata($id, ['width' => 1, 'height' => 1, 'file' => _wp_relative_upload_path($file['file']), 'sizes' => []]);
    }
    return $id;
}

/** One of each thing that broke some sync: gives its id by name. */
function seed_hostile(): array
{
    global $wpdb;
    $post = fn(array $row) => made(wp_insert_post(wp_slash($row + ['post_status' => 'publish', 'post_title' => 'Hostil', 'post_content' => 'x']), true));
    $set = fn(int $id, array $columns) => $wpdb->update($wpdb->posts, $columns, ['ID' => $id]) . clean_post_cache($id);
    $zero = '0000-00-00 00:00:00';
    $ids = [
        'zero_dates' => $post([]), 'zero_modified' => $post([]), 'zero_gmt' => $post([]), 'empty_slug' => $post([]),
        'encoded_slug' => $post(['post_title' => 'Привет, мир 東京']),
        'emoji' => $post(['post_title' => '🎉 Olá 👩‍👩‍👧', 'post_content' => "<p>𝒜 🇧🇷 \u{2028} \\ \"aspas\" \t fim</p>", 'post_excerpt' => '🙂']),
        'huge' => $post(['post_content' => str_repeat('0123456789 grande ', intdiv(HUGE_BYTES, 18))]),
        'no_author' => $post([]), 'no_featured_media' => $post([]), 'empty_title' => $post(['post_title' => '']),
        'orphan_page' => $post(['post_type' => 'page']), 'own_parent_page' => $post(['post_type' => 'page']),
        'early_child_page' => $post(['post_type' => 'page']), 'late_parent_page' => $post(['post_type' => 'page']),
    ];
    $set($ids['zero_dates'], ['post_date' => $zero, 'post_date_gmt' => $zero, 'post_modified' => $zero, 'post_modified_gmt' => $zero]);
    $set($ids['zero_modified'], ['post_modified' => $zero, 'post_modified_gmt' => $zero]);
    $set($ids['zero_gmt'], ['post_date_gmt' => $zero, 'post_modified_gmt' => $zero]);
    $set($ids['empty_slug'], ['post_name' => '']);
    $set($ids['no_author'], ['post_author' => 999999]);
    update_post_meta($ids['no_featured_media'], '_thumbnail_id', 999999);
    $set($ids['orphan_page'], ['post_parent' => 999999]);
    $set($ids['own_parent_page'], ['post_parent' => $ids['own_parent_page']]);
    $set($ids['early_child_page'], ['post_parent' => $ids['late_parent_page']]);
    return $ids + seed_hostile_terms();
}

function seed_hostile_terms(): array
{
    global $wpdb;
    $term = fn(string $name) => made(wp_insert_term($name, 'category'))['term_id'];
    $under = fn(int $id, int $parent) => $wpdb->update($wpdb->term_taxonomy, ['parent' => $parent], ['term_id' => $id]) . clean_term_cache($id, 'category');
    $ids = ['orphan_term' => $term('Órfã 🎈'), 'cycle_term_a' => $term('Ciclo A'), 'cycle_term_b' => $term('Ciclo B')];
    $under($ids['orphan_term'], 999999);
    $under($ids['cycle_term_a'], $ids['cycle_term_b']);
    $under($ids['cycle_term_b'], $ids['cycle_term_a']);
    return $ids;
}
